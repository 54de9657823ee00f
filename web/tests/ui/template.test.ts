/** Templates are read as the contract reads them. */
import { expect, it } from "vitest";
import { parseTemplate, referencesOf, renameReference } from "@/ui/template";

it("tells words from references", () => {
  expect(parseTemplate("A {{colour}} {{thing}}!")).toEqual([
    { text: "A " },
    { name: "colour" },
    { text: " " },
    { name: "thing" },
    { text: "!" },
  ]);
});

it("reads four braces as two that are meant", () => {
  expect(parseTemplate("{{{{thing}}")).toEqual([{ text: "{{thing}}" }]);
});

it("leaves what is no reference as it stands", () => {
  expect(parseTemplate("{{ thing }} {{Thing}} {{")).toEqual([{ text: "{{ thing }} {{Thing}} {{" }]);
});

it("names each reference once", () => {
  expect(referencesOf("{{a}} {{b}} {{a}}")).toEqual(["a", "b"]);
});

it("renames whole names only", () => {
  expect(renameReference("{{ab}} {{a}} a", "a", "c")).toBe("{{ab}} {{c}} a");
});
