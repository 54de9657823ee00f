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
  const faults = [
    { loc: ["body", "spec", "steps", 0, "params", "prompt"], msg: "String should have at least 1 character" },
    { loc: ["body", "spec", "steps", 1, "params", "width"], msg: "must be 64 for the model demo-emoji" },
    {
      loc: ["body", "spec", "steps", 1, "params", "prompt"],
      msg: "{{fox}} at character 3: no input or step before has this name",
    },
    {
      loc: ["body", "spec", "steps", 1, "params", "denoise_steps"],
      msg: "costs 13,422 megapixel-steps and 500 are the most: make fewer pictures, take fewer steps",
    },
    { loc: ["body", "spec", "steps", 2, "name"], msg: "an unheard-of rule" },
  ];
  const problem = toProblem(422, aProblem(422, "invalid", { errors: faults }));

  it("are named by their path, in plain words", () => {
    expect(fieldProblems(problem)).toEqual({
      "spec.steps.0.params.prompt": "Please fill this in.",
      "spec.steps.1.params.width": "Only 64 for this model.",
      "spec.steps.1.params.prompt": "Nothing before this step is called {{fox}}.",
      "spec.steps.1.params.denoise_steps":
        "Too much at once (13,422 of 500): fewer pictures, fewer steps or smaller pictures.",
      "spec.steps.2.name": "an unheard-of rule",
    });
  });

  it("are told by the rule of their own pattern", () => {
    const patterns = {
      title: "String should match pattern '\\S'",
      "tags.0": "String should match pattern '^[^\\s,#][^,#]*$'",
      email: "String should match pattern '^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$'",
      handle: "String should match pattern '^[a-z0-9][a-z0-9_-]{1,30}$'",
      name: "String should match pattern '^[a-z][a-z0-9_]{0,31}$'",
    };
    const errors = Object.entries(patterns).map(([field, msg]) => ({ loc: ["body", field], msg }));
    expect(fieldProblems(toProblem(422, aProblem(422, "invalid", { errors })))).toEqual({
      title: "Please fill this in.",
      "tags.0": "A tag has no comma and no #.",
      email: "This is no e-mail address.",
      handle: "Small Latin letters, digits, - and _ only.",
      name: "Small Latin letters, digits and _ only, beginning with a letter.",
    });
  });

  it("are none for other errors", () => {
    expect(fieldProblems(new Error("x"))).toEqual({});
    expect(fieldProblems(new ApiProblem(404, "not_found", ""))).toEqual({});
  });
});
