/** From a pipeline's form to a run that is watched and published. */
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Spec } from "@/api/types";
import { anAccount, anImage, aPipeline, aResult, aRun, aSpec, aTask } from "../builders";
import { type Api, aProblem, openPage } from "../page";

const pipeline = aPipeline();
const results = { items: [], next: null };
const about: Api = {
  [`GET /pipelines/${pipeline.id}`]: pipeline,
  [`GET /pipelines/${pipeline.id}/versions`]: { items: [], next: null },
  "GET /results": results,
};
const me = { "GET /me": anAccount() };
const run = aRun();
const at = `/runs/${run.id}`;

describe("the run form", () => {
  it("has a field for each input, filled with its default", async () => {
    openPage(`/pipelines/${pipeline.id}`, { ...about, ...me });
    expect(await screen.findByLabelText("Who or what")).toHaveValue("a red fox");
  });

  it("offers a visitor to go on as a guest, and then runs what was asked for", async () => {
    const { calls, router } = openPage(`/pipelines/${pipeline.id}`, {
      ...about,
      "POST /accounts/guest": anAccount({ guest: true, handle: "guest-1a2b" }),
      "POST /runs": run,
      [`GET ${at}`]: run,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Run" }));
    await userEvent.click(await screen.findByRole("button", { name: "Continue as a guest" }));
    await waitFor(() => expect(router.state.location.pathname).toBe(at));
    const sent = calls.find((call) => call.method === "POST" && call.path === "/runs");
    expect(sent?.body).toEqual({ pipeline: pipeline.id, version: 3, inputs: { subject: "a red fox" } });
    expect(sent?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keeps what a visitor typed while they sign in", async () => {
    const visit = () => openPage(`/pipelines/${pipeline.id}`, about);
    visit();
    await userEvent.clear(await screen.findByLabelText("Who or what"));
    await userEvent.type(screen.getByLabelText("Who or what"), "an owl");
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    await userEvent.click(await screen.findByRole("link", { name: "Create an account" }));
    cleanup();
    visit();
    expect(await screen.findByLabelText("Who or what")).toHaveValue("an owl");
  });

  it("begins with the words of the run that one came from, whatever was run here before", async () => {
    openPage(`/pipelines/${pipeline.id}`, { ...about, ...me, "POST /runs": run, [`GET ${at}`]: run });
    await userEvent.click(await screen.findByRole("button", { name: "Run" }));
    await screen.findByRole("heading", { name: "In the queue" });
    cleanup();
    openPage(`/pipelines/${pipeline.id}?version=3&run=${run.id}`, { ...about, ...me, [`GET ${at}`]: run });
    expect(await screen.findByLabelText("Who or what")).toHaveValue("a green apple");
    expect(screen.getByLabelText("Seed")).toHaveValue("7");
  });

  it("shows an input that is new since one was here, with its default", async () => {
    const visit = (inputs: Spec["inputs"]) => {
      const changed = aPipeline({ version: { number: 3, spec: { ...aSpec(), inputs } } });
      openPage(`/pipelines/${pipeline.id}`, {
        ...about,
        ...me,
        [`GET /pipelines/${pipeline.id}`]: changed,
        "POST /runs": run,
        [`GET ${at}`]: run,
      });
    };
    visit(aSpec().inputs);
    await userEvent.click(await screen.findByRole("button", { name: "Run" }));
    await screen.findByRole("heading", { name: "In the queue" });
    cleanup();
    visit([...aSpec().inputs, { name: "mood", label: "Mood", type: "text", default: "calm" }]);
    expect(await screen.findByLabelText("Mood")).toHaveValue("calm");
  });

  it("sends the same key when a lost answer makes one press again", async () => {
    let lost = true;
    const { calls, router } = openPage(`/pipelines/${pipeline.id}`, {
      ...about,
      ...me,
      "POST /runs": () => (lost ? aProblem(503, "unavailable") : run),
      [`GET ${at}`]: run,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Run" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("cannot answer right now");
    lost = false;
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    await waitFor(() => expect(router.state.location.pathname).toBe(at));
    const keys = calls
      .filter((call) => call.path === "/runs")
      .map((call) => call.headers.get("Idempotency-Key"));
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it("stops blaming a field once it is changed", async () => {
    openPage(`/pipelines/${pipeline.id}`, { ...about, ...me });
    const seed = await screen.findByLabelText("Seed");
    await userEvent.type(seed, "x");
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    expect(seed).toBeInvalid();
    await userEvent.clear(seed);
    expect(seed).toBeValid();
  });

  it("takes up the inputs and the seed of a result", async () => {
    const result = aResult();
    openPage(`/pipelines/${pipeline.id}?result=${result.id}`, {
      ...about,
      ...me,
      [`GET /results/${result.id}`]: result,
    });
    expect(await screen.findByLabelText("Who or what")).toHaveValue("a green apple");
    expect(screen.getByLabelText("Seed")).toHaveValue("7");
  });
});

describe("a run", () => {
  const others = { ...me, [`GET /pipelines/${pipeline.id}`]: pipeline };

  it("that waits says its place, why, and how long", async () => {
    const queue = {
      position: 4,
      more: false,
      eta_seconds: 38,
      reason_code: "people_ahead",
      reason: "3 people are ahead of you",
    } as const;
    openPage(at, { ...others, [`GET ${at}`]: aRun({ queue }) });
    expect(await screen.findByRole("heading", { name: "In the queue" })).toBeVisible();
    const words = screen.getByText(/Steps ahead: 4\./).closest("p");
    expect(words).toHaveTextContent("Others were here before you.");
    expect(words).toHaveTextContent("38");
  });

  it("that works shows progress, and what earlier steps made", async () => {
    const tasks = [
      aTask({
        step: "scene",
        kind: "text",
        state: "succeeded",
        prompt: "Describe a green apple.",
        seconds: 2,
      }),
      aTask({ state: "running", progress: 0.5 }),
    ];
    openPage(at, { ...others, [`GET ${at}`]: aRun({ state: "running", tasks }) });
    const whole = await screen.findByRole("progressbar", { name: "Progress of the run" });
    expect(whole).toHaveAttribute("aria-valuenow", "75");
    expect(screen.getByRole("progressbar", { name: "Progress of step 2" })).toHaveAttribute(
      "aria-valuenow",
      "50",
    );
    expect(screen.getByText("Describe a green apple.")).toBeVisible();
    expect(screen.getByRole("button", { name: "Cancel" })).toBeEnabled();
  });

  it("that draws shows a rough preview, until what it makes is there", async () => {
    const drawing = (preview: string | null) =>
      aRun({ state: "running", tasks: [aTask({ state: "running", progress: 0.5, preview_url: preview })] });
    const done = aRun({
      state: "succeeded",
      tasks: [aTask({ state: "succeeded", prompt: "an apple", outputs: [anImage()] })],
    });
    const looks = [
      drawing(null),
      drawing("/media/a/preview-1.webp"),
      drawing("/media/a/preview-2.webp"),
      done,
    ];
    openPage(at, { ...others, [`GET ${at}`]: () => (looks.length > 1 ? looks.shift() : looks[0]) as object });
    expect(await screen.findByRole("heading", { name: "Working" })).toBeVisible();
    expect(screen.queryByRole("img")).toBeNull();
    const preview = await screen.findByRole("img", {
      name: /Rough preview of what step 1 is drawing/,
    });
    await waitFor(() => expect(preview).toHaveAttribute("src", "/media/a/preview-2.webp"), { timeout: 3000 });
    await screen.findByRole("heading", { name: "Done" });
    expect(preview).not.toBeInTheDocument();
    expect(screen.getByRole("img", { name: "an apple" })).toBeInTheDocument();
  });

  it("leaves out a preview that is gone already, and shows the next one", async () => {
    let shown = "/media/a/preview-1.webp";
    openPage(at, {
      ...others,
      [`GET ${at}`]: () =>
        aRun({ state: "running", tasks: [aTask({ state: "running", progress: 0.5, preview_url: shown })] }),
    });
    fireEvent.error(await screen.findByRole("img"));
    expect(screen.queryByRole("img")).toBeNull();
    shown = "/media/a/preview-2.webp";
    expect(await screen.findByRole("img", undefined, { timeout: 3000 })).toHaveAttribute("src", shown);
  });

  it("that failed says why in plain words and can be run again", async () => {
    const error = { code: "prompt_too_long", detail: "9000 characters" };
    const failed = aRun({ state: "failed", error, tasks: [aTask({ state: "failed", error })] });
    openPage(at, { ...others, [`GET ${at}`]: failed });
    const alerts = await screen.findAllByText(/prompt became too long/);
    expect(alerts.length).toBeGreaterThan(0);
    expect(screen.getByRole("button", { name: "Run again, new seed" })).toBeEnabled();
    expect(screen.getByRole("button", { name: "Go on from the failed step" })).toBeEnabled();
    expect(screen.queryByRole("button", { name: "Publish" })).toBeNull();
  });

  it("is followed until it is over, and an unchanged one costs no body", async () => {
    let looks = 0;
    const done = aRun({ state: "succeeded", tasks: [aTask({ state: "succeeded", outputs: [anImage()] })] });
    const { calls } = openPage(at, {
      ...others,
      [`GET ${at}`]: () => {
        looks += 1;
        if (looks === 2) return new Response(null, { status: 304 });
        const body = looks === 1 ? aRun({ state: "running" }) : done;
        return Response.json(body, { headers: { ETag: `"${looks}"` } });
      },
    });
    expect(await screen.findByRole("heading", { name: "Working" })).toBeVisible();
    expect(await screen.findByRole("heading", { name: "Done" })).toBeVisible();
    const sent = calls.filter((call) => call.path === at).map((call) => call.headers.get("If-None-Match"));
    expect(sent).toEqual([null, '"1"', '"1"']);
  });

  it("is published with a title and the chosen cover", async () => {
    const [first, second] = [anImage("019c0000-0000-7000-8000-00000000aaaa"), anImage()];
    const done = aRun({
      state: "succeeded",
      tasks: [aTask({ state: "succeeded", outputs: [first, second] })],
    });
    const result = aResult();
    const { calls, router } = openPage(at, {
      ...about,
      ...others,
      [`GET ${at}`]: done,
      [`PUT ${at}/result`]: result,
      [`GET /results/${result.id}`]: result,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Publish" }));
    await userEvent.clear(screen.getByLabelText("Title"));
    await userEvent.type(screen.getByLabelText("Title"), "Apple at dawn");
    await userEvent.click(within(screen.getByRole("group", { name: "Cover" })).getByLabelText("Picture 1"));
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(router.state.location.pathname).toBe(`/results/${result.id}`));
    const sent = calls.find((call) => call.method === "PUT");
    expect(sent?.body).toEqual({ title: "Apple at dawn", cover: first.id });
  });

  it("of a guest is published only after the account is completed", async () => {
    const done = aRun({ state: "succeeded", tasks: [aTask({ state: "succeeded", outputs: [anImage()] })] });
    openPage(at, { ...others, "GET /me": anAccount({ guest: true }), [`GET ${at}`]: done });
    await userEvent.click(await screen.findByRole("button", { name: "Publish" }));
    expect(await screen.findByRole("link", { name: "complete your account" })).toHaveAttribute(
      "href",
      expect.stringContaining("/sign-up"),
    );
  });
});
