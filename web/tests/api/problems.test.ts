/** What people read when the API refuses something. */
import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { ApiProblem, toProblem } from "@/api/problem";
import { codeMessage, fieldProblems, problemMessage } from "@/api/problems";
import { switchLanguage } from "@/i18n/language";
import { aProblem } from "../page";

const CYRILLIC = /[а-яё]/i;

it("speaks both languages", async () => {
  const problem = toProblem(401, aProblem(401, "wrong_login"));
  expect(problemMessage(problem)).toBe("This name and password do not match.");
  await switchLanguage("ru");
  expect(i18n.locale).toBe("ru");
  expect(problemMessage(problem)).toMatch(CYRILLIC);
});

it("shows the API's own words for a code that it does not know", () => {
  expect(codeMessage("brand_new", "The moon is full.")).toBe("The moon is full.");
});

it.each(["constructor", "toString", "__proto__"])("does not mistake %s for a code", (code) => {
  expect(codeMessage(code, "as it is")).toBe("as it is");
});

it("says something about an answer that is no problem document", () => {
  expect(problemMessage(toProblem(502, undefined))).toContain("problem of its own");
  expect(problemMessage(toProblem(418, "<html>"))).toContain("418");
  expect(problemMessage(new TypeError("x is undefined"))).toContain("Reload");
});

describe("fields that are at fault", () => {
  const at = (...place: (string | number)[]) => ["body", ...place];
  const faults = [
    { loc: at("spec", "steps", 0, "params", "prompt"), code: "too_short", values: { minimum: 1 }, msg: "" },
    { loc: at("spec", "steps", 1, "params", "width"), code: "fixed_by_model", values: { only: 64 }, msg: "" },
    {
      loc: at("spec", "steps", 1, "params", "prompt"),
      code: "unknown_reference",
      values: { name: "fox", position: 3 },
      msg: "",
    },
    {
      loc: at("spec", "steps", 1, "params", "denoise_steps"),
      code: "too_costly",
      values: { cost: 13422, maximum: 500 },
      msg: "",
    },
    { loc: at("handle"), code: "reserved_handle", values: { prefixes: ["guest-", "deleted-"] }, msg: "" },
    { loc: at("spec", "steps", 2, "name"), code: "brand_new", values: {}, msg: "an unheard-of rule" },
  ];
  const problem = toProblem(422, aProblem(422, "invalid", { errors: faults }));

  it("are named by their path, in plain words", () => {
    expect(fieldProblems(problem)).toEqual({
      "spec.steps.0.params.prompt": "Please fill this in.",
      "spec.steps.1.params.width": "Only 64 for this model.",
      "spec.steps.1.params.prompt": "Nothing before this step is called {{fox}}.",
      "spec.steps.1.params.denoise_steps":
        "Too much at once (13,422 of 500): fewer pictures, fewer steps or smaller pictures.",
      handle: "It must not begin with guest-, deleted-.",
      "spec.steps.2.name": "an unheard-of rule",
    });
  });

  it("are told in Russian, with numbers as Russian writes them", async () => {
    await switchLanguage("ru");
    const told = Object.values(fieldProblems(problem)).slice(0, -1);
    for (const sentence of told) expect(sentence).toMatch(CYRILLIC);
    expect(told[3]).toMatch(/13\s422/);
    await switchLanguage("en");
  });

  it("are none for other errors", () => {
    expect(fieldProblems(new Error("x"))).toEqual({});
    expect(fieldProblems(new ApiProblem(404, "not_found", ""))).toEqual({});
  });
});
