/** Writing a pipeline in the page. */
import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { anAccount, aPipeline, KINDS, MODELS } from "../builders";
import { type Api, aProblem, openPage } from "../page";

const api: Api = {
  "GET /me": anAccount(),
  "GET /kinds": { items: Object.values(KINDS) },
  "GET /models": { items: Object.values(MODELS) },
};
const button = (name: string) => screen.findByRole("button", { name });

it("writes a chain of two steps with an input and saves it", async () => {
  const made = aPipeline();
  const { calls, router } = openPage("/new", { ...api, "POST /pipelines": made });
  await userEvent.type(await screen.findByLabelText("Title"), "Scene");
  await userEvent.click(await button("+ Words"));
  await userEvent.type(screen.getByLabelText("Example to start with"), "a fox");
  await userEvent.click(await button("+ Write a text"));
  await userEvent.type(screen.getByLabelText("Prompt"), "Describe ");
  await userEvent.click(await button("Insert words"));
  await userEvent.click(await button("+ Draw a picture"));
  await userEvent.click(await button("Save the pipeline"));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/pipelines/${made.id}`));
  expect(calls.find((call) => call.method === "POST")?.body).toEqual({
    title: "Scene",
    description: "",
    tags: [],
    spec: {
      inputs: [{ name: "words", label: "", type: "text", default: "a fox" }],
      steps: [
        {
          name: "text",
          kind: "text",
          model: "smollm2-135m",
          params: { prompt: "Describe {{words}}", max_tokens: 120 },
        },
        {
          name: "picture",
          kind: "image",
          model: "demo-emoji",
          params: { prompt: "{{text}}", denoise_steps: 16, width: 64 },
        },
      ],
    },
  });
});

it("keeps what a visitor wrote while they sign in, and forgets it once it is saved", async () => {
  const made = aPipeline();
  const visitor = { ...api, "GET /me": aProblem(401, "not_signed_in") };
  openPage("/new", visitor);
  await userEvent.type(await screen.findByLabelText("Title"), "Scene");
  await userEvent.click(await button("+ Draw a picture"));
  await userEvent.type(screen.getByLabelText("Prompt"), "an owl");
  await userEvent.click(await button("Save the pipeline"));
  await userEvent.click(await screen.findByRole("link", { name: "Sign in" }));
  cleanup();
  openPage("/new", { ...api, "POST /pipelines": made });
  expect(await screen.findByLabelText("Title")).toHaveValue("Scene");
  expect(screen.getByLabelText("Prompt")).toHaveValue("an owl");
  await userEvent.click(await button("Save the pipeline"));
  await waitFor(() => expect(sessionStorage.getItem("atelier.new")).toBeNull());
});

it("shows a refusal at the field that it names", async () => {
  const errors = [
    {
      loc: ["body", "spec", "steps", 0, "params", "prompt"],
      code: "too_short",
      values: { minimum: 1 },
      msg: "",
    },
  ];
  openPage("/new", { ...api, "POST /pipelines": aProblem(422, "invalid", { errors }) });
  await userEvent.type(await screen.findByLabelText("Title"), "Scene");
  await userEvent.click(await button("+ Draw a picture"));
  await userEvent.click(await button("Save the pipeline"));
  await waitFor(() => expect(screen.getByLabelText("Prompt")).toBeInvalid());
  expect(screen.getByLabelText("Prompt")).toHaveAccessibleDescription("Please fill this in.");
  expect(screen.getByText("Step 1, Prompt:")).toBeVisible();
});

it("moves and deletes steps by keyboard", async () => {
  const pipeline = aPipeline({ author: { handle: "ana" } });
  openPage(`/pipelines/${pipeline.id}/edit`, { ...api, [`GET /pipelines/${pipeline.id}`]: pipeline });
  (await button("Move step 2 up")).focus();
  await userEvent.keyboard("{Enter}");
  const steps = within(screen.getByRole("list", { name: "Steps" })).getAllByRole("listitem");
  expect(steps.map((step) => within(step).getByLabelText<HTMLTextAreaElement>("Prompt").value)).toEqual([
    "{{scene}}",
    "Describe {{subject}}.",
  ]);
  (await button("Delete step 1")).focus();
  await userEvent.keyboard("{Enter}");
  expect(screen.getByLabelText("Prompt")).toHaveValue("Describe {{subject}}.");
});

it("saves a change as the next version, with its note", async () => {
  const pipeline = aPipeline({ author: { handle: "ana" } });
  const versions = `POST /pipelines/${pipeline.id}/versions`;
  const { calls } = openPage(`/pipelines/${pipeline.id}/edit`, {
    ...api,
    [`GET /pipelines/${pipeline.id}`]: pipeline,
    [versions]: { number: 4 },
  });
  await userEvent.type(await screen.findByLabelText("What is new in this version"), "calmer words");
  await userEvent.click(await button("Save as version 4"));
  await waitFor(() => expect(calls.find((call) => call.method === "POST")).toBeDefined());
  expect(calls.find((call) => call.method === "POST")?.body).toEqual({
    note: "calmer words",
    spec: pipeline.version.spec,
  });
});

it("narrows settings to what the model can do", async () => {
  openPage("/new", api);
  await userEvent.click(await button("+ Draw a picture"));
  const steps = screen.getByLabelText("Denoising steps");
  expect([steps.getAttribute("min"), steps.getAttribute("max")]).toEqual(["4", "40"]);
});
