/** The form of a step's params, from the kind's schema and the model's limits. */
import { expect, it } from "vitest";
import { fieldsOf, paramsFor } from "@/features/editor/params";
import { KINDS, MODELS } from "../builders";

function field(kind: keyof typeof KINDS, name: string) {
  return fieldsOf(KINDS[kind], kind === "text" ? MODELS.text : MODELS.image).find(
    (found) => found.name === name,
  );
}

it("narrows a range by the model's limits", () => {
  expect(field("image", "denoise_steps")).toMatchObject({ min: 4, max: 40, start: 16, whole: true });
});

it("keeps the schema's range where the model has no limit", () => {
  const free = fieldsOf(KINDS.image, { ...MODELS.image, limits: {}, defaults: {} });
  expect(free.find((found) => found.name === "width")).toMatchObject({
    min: 8,
    max: 4096,
    step: 8,
    start: 1024,
  });
});

it("tells words, pictures and numbers apart", () => {
  expect(fieldsOf(KINDS.edit, MODELS.image).map((found) => found.control)).toEqual([
    "words",
    "image",
    "number",
  ]);
});

it("starts a value anew that the next model does not allow", () => {
  expect(paramsFor(KINDS.image, MODELS.image, { prompt: "x", width: 1024, denoise_steps: 40 })).toEqual({
    prompt: "x",
    width: 64,
    denoise_steps: 40,
  });
});

it("leaves out what has no effect on the model", () => {
  const properties = { negative_prompt: { type: "string", title: "What to avoid", "x-template": "text" } };
  const kind = { ...KINDS.image, params: { properties, required: [] } };
  const deaf = { ...MODELS.image, limits: { negative_prompt: { minimum: 0, maximum: 0 } } };
  expect(fieldsOf(kind, MODELS.image)).toHaveLength(1);
  expect(fieldsOf(kind, deaf)).toEqual([]);
  expect(paramsFor(kind, deaf, { negative_prompt: "fog" })).toEqual({});
});
