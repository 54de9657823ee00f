/** Every page through axe: names, roles, labels, order. Contrast needs a real browser and is not seen here. */
import { screen } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { anAccount, anImage, aPipeline, aResult, aRun, aTask, KINDS, MODELS } from "./builders";
import { type Api, openPage } from "./page";

const pipeline = aPipeline({ author: { handle: "ana" } });
const result = aResult();
const run = aRun({
  state: "running",
  queue: {
    position: 1,
    more: false,
    eta_seconds: 3,
    reason_code: "people_ahead",
    reason: "1 person is ahead of you",
  },
  tasks: [
    aTask({ state: "succeeded", prompt: "a fox", outputs: [anImage()] }),
    aTask({ step: "next", state: "running" }),
  ],
});
const api: Api = {
  "GET /me": anAccount(),
  "GET /kinds": { items: Object.values(KINDS) },
  "GET /models": { items: Object.values(MODELS) },
  "GET /results": { items: [result], next: null },
  [`GET /results/${result.id}`]: result,
  "GET /pipelines": { items: [pipeline], next: null },
  [`GET /pipelines/${pipeline.id}`]: pipeline,
  [`GET /pipelines/${pipeline.id}/versions`]: {
    items: [{ number: 3, note: "calmer", created_at: pipeline.created_at }],
    next: null,
  },
  "GET /runs": { items: [run], next: null },
  [`GET /runs/${run.id}`]: run,
  "GET /keys": { items: [], next: null },
  "GET /accounts/ana": {
    handle: "ana",
    about: "",
    joined_at: pipeline.created_at,
    counts: { pipelines: 1, results: 1 },
  },
};

const PAGES = [
  "/",
  `/results/${result.id}`,
  "/pipelines",
  `/pipelines/${pipeline.id}`,
  `/pipelines/${pipeline.id}/edit`,
  "/new",
  "/runs",
  `/runs/${run.id}`,
  "/authors/ana",
  "/account",
  "/sign-in",
  "/sign-up",
  "/nowhere",
];

it.each(PAGES)("%s has nothing that axe objects to", async (path) => {
  openPage(path, api);
  await screen.findByRole("heading", { level: 1 });
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
});
