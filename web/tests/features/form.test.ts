/** From the run form to the request. */
import { describe, expect, it } from "vitest";
import { ApiProblem } from "@/api/problem";
import { errorsByField, firstValues, toRequest } from "@/features/run-form/form";
import { anEditSpec, aSpec, FOX } from "../builders";

const TARGET = { pipeline: "p", version: 3 };

describe("the first values", () => {
  it("are the defaults of the version", () => {
    expect(firstValues(aSpec(), {})).toEqual({ texts: { subject: "a red fox" }, images: {}, seed: "" });
  });

  it("are those of a result that is taken up, its seed too", () => {
    const values = firstValues(aSpec(), { inputs: { subject: "a green apple" }, seed: 7 });
    expect(values).toEqual({ texts: { subject: "a green apple" }, images: {}, seed: "7" });
  });

  it("put a picture that is used as the input into the first image input", () => {
    const image = { id: FOX, url: "/media/fox.webp" };
    expect(firstValues(anEditSpec(), { image }).images).toEqual({ photo: image });
  });

  it("keep a picture that can be named but not shown", () => {
    expect(firstValues(anEditSpec(), { inputs: { photo: FOX } }).images).toEqual({ photo: { id: FOX } });
  });
});

describe("the request", () => {
  const values = firstValues(aSpec(), {});

  it("carries inputs and version, and no seed when none is given", () => {
    expect(toRequest(TARGET, aSpec(), values)).toEqual({
      request: { ...TARGET, inputs: { subject: "a red fox" } },
    });
  });

  it("carries seed 0", () => {
    expect(toRequest(TARGET, aSpec(), { ...values, seed: "0" })).toHaveProperty("request.seed", 0);
  });

  it.each(["-1", "1.5", "seven", "9007199254740992", "1e3"])("blames a seed of %s", (seed) => {
    expect(toRequest(TARGET, aSpec(), { ...values, seed })).toEqual({ blame: { seed: "seed" } });
  });

  it("takes the largest seed", () => {
    const outcome = toRequest(TARGET, aSpec(), { ...values, seed: "9007199254740991" });
    expect(outcome).toHaveProperty("request.seed", Number.MAX_SAFE_INTEGER);
  });

  it("sends an emptied text that has a default as empty, since that was meant", () => {
    const outcome = toRequest(TARGET, aSpec(), { ...values, texts: { subject: "" } });
    expect(outcome).toHaveProperty("request.inputs.subject", "");
  });

  it("blames a text without a default and a picture that are missing", () => {
    const spec = anEditSpec();
    spec.inputs.push({ name: "colour", label: "", type: "text" });
    expect(toRequest(TARGET, spec, firstValues(spec, {}))).toEqual({
      blame: { photo: "missing", colour: "missing" },
    });
  });
});

describe("a refusal of the API", () => {
  it("lands at the input that it names", () => {
    const problem = new ApiProblem(422, "invalid", "", [
      { loc: ["body", "inputs", "photo"], code: "unknown_picture", values: {}, msg: "" },
      { loc: ["body", "seed"], code: "above_maximum", values: { maximum: 9007199254740991 }, msg: "" },
    ]);
    expect(errorsByField(problem)).toEqual({
      photo: "This picture is no longer here, or not for you to use.",
      seed: "At most 9,007,199,254,740,991.",
    });
  });
});
