/** What an address may carry. */
import { expect, it } from "vitest";
import { gallerySearch, pipelineSearch, signSearch } from "@/routes/search";

it("keeps filters that exist and drops the rest", () => {
  expect(gallerySearch({ q: "fox", sort: "new", kind: "video", tag: "", page: 3 })).toEqual({
    q: "fox",
    sort: "new",
  });
});

it("reads a number that was searched for as text", () => {
  expect(gallerySearch({ q: 42 })).toEqual({ q: "42" });
});

it.each([["-1"], ["x"], [0], [1.5]])("drops a version of %s", (version) => {
  expect(pipelineSearch({ version })).toEqual({});
});

it.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
  "never leads to %s after signing in",
  (next) => {
    expect(signSearch({ next })).toEqual({});
  },
);

it("leads back to where one was", () => {
  expect(signSearch({ next: "/pipelines/1?version=2" })).toEqual({ next: "/pipelines/1?version=2" });
});
