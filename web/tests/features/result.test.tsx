/** A result's page: how it was made, and what one can do with it. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { anAccount, anEditSpec, aPipeline, aResult, aRun, aSpec, FOX } from "../builders";
import { type Api, aProblem, openPage } from "../page";

const result = aResult();
const pipeline = aPipeline();
const api: Api = {
  "GET /me": anAccount(),
  [`GET /results/${result.id}`]: result,
  [`GET /pipelines/${pipeline.id}`]: pipeline,
  [`GET /pipelines/${pipeline.id}/versions/3`]: {
    number: 3,
    note: "",
    created_at: result.created_at,
    pipeline: pipeline.id,
    author: null,
    spec: aSpec(),
  },
};
const page = `/results/${result.id}`;
const run = aRun();

it("leaves nothing out of how it was made", async () => {
  openPage(page, api);
  expect(await screen.findByRole("heading", { name: "How it was made" })).toBeVisible();
  for (const words of ["a green apple at dawn", "demo-emoji", "123", "b179c9523d", "16", "2.1s"])
    expect(screen.getAllByText(words, { exact: false }).length).toBeGreaterThan(0);
});

it("keeps the seed when the words are changed, so that only the words make the difference", async () => {
  const { calls } = openPage(page, { ...api, "POST /runs": run, [`GET /runs/${run.id}`]: run });
  await userEvent.click(await screen.findByRole("button", { name: "Change the words" }));
  const words = await screen.findByLabelText("Who or what");
  await userEvent.clear(words);
  await userEvent.type(words, "a red apple");
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() =>
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      pipeline: pipeline.id,
      version: 3,
      inputs: { subject: "a red apple" },
      seed: 7,
    }),
  );
});

it("runs the same words with a new seed at one press", async () => {
  const { calls } = openPage(page, { ...api, "POST /runs": run, [`GET /runs/${run.id}`]: run });
  await userEvent.click(await screen.findByRole("button", { name: "Same words, new seed" }));
  await waitFor(() =>
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      pipeline: pipeline.id,
      version: 3,
      inputs: { subject: "a green apple" },
    }),
  );
});

it("offers its picture to pipelines that take one, and to no others", async () => {
  const edit = aPipeline({
    id: "019c0000-0000-7000-8000-000000000011",
    title: "Another colour",
    version: { number: 1, spec: anEditSpec() },
  });
  openPage(page, {
    ...api,
    "GET /pipelines": { items: [pipeline, edit], next: null },
    [`GET /pipelines/${edit.id}`]: edit,
  });
  await userEvent.click(await screen.findByRole("button", { name: "Use as the input image" }));
  const choice = await screen.findByRole("link", { name: "Another colour" });
  expect(choice).toHaveAttribute("href", expect.stringContaining(FOX));
  expect(screen.getAllByRole("link", { name: /Another colour|Scene, then picture/ })).toHaveLength(1);
});

it("of a pipeline that is out of sight can be remixed but not run", async () => {
  openPage(page, { ...api, [`GET /pipelines/${pipeline.id}`]: aProblem(404, "not_found") });
  expect(await screen.findByText(/took the pipeline out of sight/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Change the words" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Same words, new seed" })).toBeNull();
  expect(screen.getByRole("button", { name: "Remix" })).toBeEnabled();
});

it("of such a pipeline still leads to the version that made it", async () => {
  openPage(`/pipelines/${pipeline.id}?version=3`, {
    ...api,
    [`GET /pipelines/${pipeline.id}`]: aProblem(404, "not_found"),
  });
  expect(await screen.findByRole("heading", { name: "Version 3" })).toBeVisible();
  expect(screen.getByText("Describe", { exact: false })).toBeVisible();
  expect(screen.getByRole("button", { name: "Remix" })).toBeEnabled();
});

it("leads its author to the run, where it can be withdrawn", async () => {
  openPage(page, { ...api, "GET /me": anAccount({ handle: "mikhail" }) });
  expect(await screen.findByRole("link", { name: "To my run" })).toHaveAttribute("href", `/runs/${run.id}`);
});

it("is rated by others with one press", async () => {
  const { calls } = openPage(page, { ...api, [`PUT /pipelines/${pipeline.id}/rating`]: pipeline.rating });
  await userEvent.click(await screen.findByRole("radio", { name: "5 of 5" }));
  await waitFor(() => expect(calls.find((call) => call.method === "PUT")?.body).toEqual({ stars: 5 }));
});

it("is not rated by its pipeline's own author", async () => {
  openPage(page, { ...api, "GET /me": anAccount({ handle: "mikhail" }) });
  expect(await screen.findByText("your own pipeline")).toBeVisible();
  expect(screen.queryByRole("radio")).toBeNull();
});

it("opens a remix in the editor", async () => {
  const remix = aPipeline({ id: "019c0000-0000-7000-8000-000000000012", author: { handle: "ana" } });
  const { router, calls } = openPage(page, { ...api, [`POST /pipelines/${pipeline.id}/remix`]: remix });
  await userEvent.click(await screen.findByRole("button", { name: "Remix" }));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/pipelines/${remix.id}/edit`));
  expect(calls.find((call) => call.method === "POST")?.body).toEqual({ version: 3 });
});
