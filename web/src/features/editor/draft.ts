/** A spec while it is being written: what adding, moving, renaming and deleting do to it. No React, no requests. */
import type { InputSpec, Kind, KindName, Model, Spec, StepSpec } from "@/api/types";
import { renameReference } from "@/ui/template";
import { paramsFor } from "./params";

export type Params = Record<string, unknown>;

export interface DraftInput {
  key: number;
  name: string;
  label: string;
  type: "text" | "image";
  default: string;
}

export interface DraftStep {
  key: number;
  name: string;
  kind: KindName;
  model: string;
  params: Params;
}

export interface Draft {
  inputs: DraftInput[];
  steps: DraftStep[];
  nextKey: number;
}

export type Change =
  | { do: "addInput"; type: DraftInput["type"] }
  | { do: "setInput"; key: number; set: Partial<Pick<DraftInput, "label" | "default">> }
  | { do: "addStep"; kind: Kind; model: Model }
  | { do: "setModel"; key: number; kind: Kind; model: Model }
  | { do: "setParam"; key: number; param: string; value: unknown }
  | { do: "move"; key: number; by: -1 | 1 }
  | { do: "rename"; key: number; name: string }
  | { do: "remove"; key: number };

const STEMS: Record<KindName, string> = {
  text: "text",
  image: "picture",
  edit: "edited",
  caption: "caption",
  upscale: "enlarged",
};

const MAKES: Record<KindName, "text" | "image"> = {
  text: "text",
  image: "image",
  edit: "image",
  caption: "text",
  upscale: "image",
};

export const MAX_STEPS = 16;
export const MAX_INPUTS = 16;

export function emptyDraft(): Draft {
  return { inputs: [], steps: [], nextKey: 1 };
}

export function draftOf(spec: Spec): Draft {
  let key = 1;
  const inputs = (spec.inputs ?? []).map((input) => ({
    key: key++,
    name: input.name,
    label: input.label ?? "",
    type: input.type,
    default: input.type === "text" ? (input.default ?? "") : "",
  }));
  const steps = spec.steps.map((step) => ({ ...step, key: key++, params: { ...step.params } }));
  return { inputs, steps, nextKey: key };
}

/** The spec to send. An empty default means none: whoever runs it must fill the blank in. */
export function specOf(draft: Draft): Spec {
  const inputs = draft.inputs.map(({ name, label, type, default: words }): InputSpec => {
    const input = { name, label };
    if (type === "image") return { ...input, type };
    return words ? { ...input, type, default: words } : { ...input, type };
  });
  // Params are checked by the API against the kind; the generated types cannot see that kind and params fit here.
  const steps = draft.steps.map(
    ({ name, kind, model, params }) => ({ name, kind, model, params }) as StepSpec,
  );
  return { inputs, steps };
}

export function change(draft: Draft, action: Change): Draft {
  switch (action.do) {
    case "addInput":
      return addInput(draft, action.type);
    case "setInput":
      return { ...draft, inputs: patch(draft.inputs, action.key, (input) => ({ ...input, ...action.set })) };
    case "addStep":
      return addStep(draft, action.kind, action.model);
    case "setModel":
      return {
        ...draft,
        steps: patch(draft.steps, action.key, (step) => ({
          ...step,
          kind: action.kind.kind,
          model: action.model.id,
          params: paramsFor(action.kind, action.model, step.params),
        })),
      };
    case "setParam":
      return {
        ...draft,
        steps: patch(draft.steps, action.key, (step) => ({
          ...step,
          params: { ...step.params, [action.param]: action.value },
        })),
      };
    case "move":
      return { ...draft, steps: moved(draft.steps, action.key, action.by) };
    case "rename":
      return rename(draft, action.key, action.name);
    case "remove":
      return {
        ...draft,
        inputs: draft.inputs.filter((input) => input.key !== action.key),
        steps: draft.steps.filter((step) => step.key !== action.key),
      };
  }
}

function addInput(draft: Draft, type: DraftInput["type"]): Draft {
  const name = freeName(draft, type === "image" ? "photo" : "words");
  const input = { key: draft.nextKey, name, label: "", type, default: "" };
  return { ...draft, inputs: [...draft.inputs, input], nextKey: draft.nextKey + 1 };
}

/** A new step goes on from what is there: it edits the newest picture, draws or continues the newest text. */
function addStep(draft: Draft, kind: Kind, model: Model): Draft {
  const name = freeName(draft, STEMS[kind.kind]);
  const params = paramsFor(kind, model, {});
  const before = namesBefore(draft, draft.steps.length);
  if ("image" in params) params.image = before.image.length > 0 ? `{{${before.image.at(-1)}}}` : "";
  const text = before.text.at(-1);
  if (kind.kind === "image" && text) params.prompt = `{{${text}}}`;
  const step = { key: draft.nextKey, name, kind: kind.kind, model: model.id, params };
  return { ...draft, steps: [...draft.steps, step], nextKey: draft.nextKey + 1 };
}

/** What the step at this index may refer to, inputs first. */
export function namesBefore(draft: Draft, index: number): { text: string[]; image: string[] } {
  const names = { text: [] as string[], image: [] as string[] };
  for (const input of draft.inputs) names[input.type].push(input.name);
  for (const step of draft.steps.slice(0, index)) names[MAKES[step.kind]].push(step.name);
  return names;
}

function freeName(draft: Draft, stem: string): string {
  const taken = new Set([...draft.inputs, ...draft.steps].map((part) => part.name));
  if (!taken.has(stem)) return stem;
  let number = 2;
  while (taken.has(`${stem}${number}`)) number += 1;
  return `${stem}${number}`;
}

/** References follow the new name, unless another part has it already: then they would change their meaning. */
function rename(draft: Draft, key: number, name: string): Draft {
  const parts = [...draft.inputs, ...draft.steps];
  const old = parts.find((part) => part.key === key)?.name ?? "";
  const clash = parts.some((part) => part.key !== key && (part.name === name || part.name === old));
  const follow = (value: unknown) =>
    typeof value === "string" && old && !clash ? renameReference(value, old, name) : value;
  return {
    ...draft,
    inputs: patch(draft.inputs, key, (input) => ({ ...input, name })),
    steps: patch(draft.steps, key, (step) => ({ ...step, name })).map((step) => ({
      ...step,
      params: Object.fromEntries(Object.entries(step.params).map(([param, value]) => [param, follow(value)])),
    })),
  };
}

function patch<T extends { key: number }>(items: T[], key: number, update: (item: T) => T): T[] {
  return items.map((item) => (item.key === key ? update(item) : item));
}

function moved<T extends { key: number }>(items: T[], key: number, by: -1 | 1): T[] {
  const from = items.findIndex((item) => item.key === key);
  const to = from + by;
  const item = items[from];
  if (!item || to < 0 || to >= items.length) return items;
  return items.toSpliced(from, 1).toSpliced(to, 0, item);
}
