/** The step editor's rules. */
import { describe, expect, it } from "vitest";
import type { Spec } from "@/api/types";
import { change, type Draft, draftOf, emptyDraft, namesBefore, specOf } from "@/features/editor/draft";
import { anEditSpec, aSpec, KINDS, MODELS } from "../builders";

const addText = { do: "addStep", kind: KINDS.text, model: MODELS.text } as const;
const addImage = { do: "addStep", kind: KINDS.image, model: MODELS.image } as const;
const addEdit = { do: "addStep", kind: KINDS.edit, model: MODELS.image } as const;

function keyOf(draft: Draft, name: string): number {
  return [...draft.inputs, ...draft.steps].find((part) => part.name === name)?.key ?? -1;
}

describe("a draft", () => {
  it.each([aSpec(), anEditSpec()])("gives back the spec that it was made of", (spec) => {
    expect(specOf(draftOf(spec))).toEqual(spec);
  });

  it("leaves out an empty default, so that the input must be filled in", () => {
    const draft = change(emptyDraft(), { do: "addInput", type: "text" });
    expect(specOf(draft).inputs).toEqual([{ name: "words", label: "", type: "text" }]);
  });
});

describe("adding a step", () => {
  it("lets a picture be drawn from the text before it", () => {
    const draft = [addText, addImage].reduce(change, emptyDraft());
    expect(draft.steps.map((step) => step.name)).toEqual(["text", "picture"]);
    expect(draft.steps[1]?.params.prompt).toBe("{{text}}");
  });

  it("lets the newest picture be changed", () => {
    const draft = [addImage, addImage, addEdit].reduce(change, emptyDraft());
    expect(draft.steps[2]?.params.image).toBe("{{picture2}}");
  });

  it("never takes a name twice, not even an input's", () => {
    const named = change(change(emptyDraft(), { do: "addInput", type: "text" }), {
      do: "rename",
      key: 1,
      name: "text",
    });
    expect(change(named, addText).steps[0]?.name).toBe("text2");
  });

  it("begins with the model's defaults", () => {
    expect(change(emptyDraft(), addImage).steps[0]?.params).toEqual({
      prompt: "",
      denoise_steps: 16,
      width: 64,
    });
  });
});

describe("renaming", () => {
  it("takes the references along", () => {
    const draft = draftOf(aSpec());
    const renamed = change(draft, { do: "rename", key: keyOf(draft, "scene"), name: "view" });
    expect(renamed.steps[1]?.params.prompt).toBe("{{view}}");
  });

  it("leaves references alone that would come to mean something else", () => {
    const draft = draftOf(aSpec());
    const renamed = change(draft, { do: "rename", key: keyOf(draft, "scene"), name: "subject" });
    expect(renamed.steps[0]?.params.prompt).toBe("Describe {{subject}}.");
    const back = change(renamed, { do: "rename", key: keyOf(draft, "scene"), name: "view" });
    expect(back.steps[0]?.params.prompt).toBe("Describe {{subject}}.");
  });

  it("leaves a literal brace alone", () => {
    const draft = draftOf(aSpec());
    const key = keyOf(draft, "scene");
    const literal = change(draft, {
      do: "setParam",
      key,
      param: "prompt",
      value: "{{{{subject}} {{subject}}",
    });
    const renamed = change(literal, { do: "rename", key: keyOf(draft, "subject"), name: "who" });
    expect(renamed.steps[0]?.params.prompt).toBe("{{{{subject}} {{who}}");
  });
});

describe("moving and deleting", () => {
  it("swaps neighbours and stops at the ends", () => {
    const draft = draftOf(aSpec());
    const key = keyOf(draft, "picture");
    const up = change(draft, { do: "move", key, by: -1 });
    expect(up.steps.map((step) => step.name)).toEqual(["picture", "scene"]);
    expect(change(up, { do: "move", key, by: -1 }).steps).toEqual(up.steps);
  });

  it("removes only what was meant", () => {
    const draft = draftOf(aSpec());
    const less = change(draft, { do: "remove", key: keyOf(draft, "scene") });
    expect([less.inputs.length, less.steps.map((step) => step.name)]).toEqual([1, ["picture"]]);
  });
});

describe("changing the kind of a step", () => {
  it("keeps what fits, drops what the kind does not have, and starts the rest anew", () => {
    const draft = change(emptyDraft(), addText);
    const key = draft.steps[0]?.key ?? 0;
    const written = change(draft, { do: "setParam", key, param: "prompt", value: "a fox" });
    const drawn = change(written, { do: "setModel", key, kind: KINDS.image, model: MODELS.image });
    expect(drawn.steps[0]).toMatchObject({
      kind: "image",
      model: "demo-emoji",
      params: { prompt: "a fox", denoise_steps: 16, width: 64 },
    });
    expect(drawn.steps[0]?.params).not.toHaveProperty("max_tokens");
  });
});

it("offers what a caption step wrote as words, and never as a picture", () => {
  const [scene, picture] = aSpec().steps;
  const seen = {
    name: "seen",
    kind: "caption",
    model: "nearest-icon",
    params: { image: "{{picture}}", max_tokens: 64 },
  } as const;
  const draft = draftOf({ inputs: [], steps: [scene, picture, seen] as Spec["steps"] });
  expect(namesBefore(draft, 3)).toEqual({ text: ["scene", "seen"], image: ["picture"] });
});

it("a step may refer to inputs and to steps before it, by what they hold", () => {
  const draft = draftOf({ inputs: [...aSpec().inputs, ...anEditSpec().inputs], steps: aSpec().steps });
  expect(namesBefore(draft, 1)).toEqual({ text: ["subject", "scene"], image: ["photo"] });
  expect(namesBefore(draft, 2)).toEqual({ text: ["subject", "scene"], image: ["photo", "picture"] });
});
