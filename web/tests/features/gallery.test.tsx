/** The first page. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { aResult } from "../builders";
import { aProblem, openPage } from "../page";

const nothing = { items: [], next: null };
const catalogue = { "GET /models": { items: [] }, "GET /kinds": { items: [] } };

it("shows pictures with their prompt as description, and texts to read", async () => {
  const text = aResult({
    id: "019c0000-0000-7000-8000-0000000000ff",
    title: "Rain",
    excerpt: "Rain counts the roofs",
    cover: { id: "t", type: "text", text: "Rain counts the roofs", characters: 21, url: "/media/t.txt" },
  });
  openPage("/", { ...catalogue, "GET /results": { items: [aResult(), text], next: null } });
  expect(await screen.findByRole("link", { name: /Apple at dawn/ })).toHaveAttribute(
    "href",
    `/results/${aResult().id}`,
  );
  expect(screen.getByAltText("a green apple at dawn")).toHaveAttribute(
    "src",
    expect.stringContaining(".webp"),
  );
  expect(screen.getByRole("link", { name: /Rain counts the roofs/ })).toBeVisible();
});

it("sets whoever follows a link down at the content of the next page", async () => {
  const result = aResult();
  openPage("/", {
    ...catalogue,
    "GET /results": { items: [result], next: null },
    [`GET /results/${result.id}`]: result,
  });
  const link = await screen.findByRole("link", { name: /Apple at dawn/ });
  expect(screen.getByRole("main")).not.toHaveFocus();
  link.focus();
  await userEvent.keyboard("{Enter}");
  await screen.findByRole("heading", { name: "How it was made" });
  expect(screen.getByRole("main")).toHaveFocus();
});

it("goes on to the next page with the cursor that the API gave", async () => {
  const { calls } = openPage("/", {
    ...catalogue,
    "GET /results": ({ query }) =>
      query.has("cursor")
        ? {
            items: [aResult({ id: "019c0000-0000-7000-8000-0000000000fe", title: "The second page" })],
            next: null,
          }
        : { items: [aResult()], next: "abc" },
  });
  expect(await screen.findByText("The second page")).toBeVisible();
  const pages = calls.filter((call) => call.path === "/results").map((call) => call.query.get("cursor"));
  expect(pages).toEqual([null, "abc"]);
});

it("keeps the search in the address and asks the API for it", async () => {
  const { calls, router } = openPage("/?sort=new", { ...catalogue, "GET /results": nothing });
  await userEvent.type(await screen.findByRole("searchbox"), "green apple{Enter}");
  await waitFor(() => expect(router.state.location.search).toEqual({ q: "green apple", sort: "new" }));
  await waitFor(() => expect(calls.at(-1)?.query.get("q")).toBe("green apple"));
  expect(await screen.findByText("Nothing matches")).toBeVisible();
  expect(screen.getByRole("link", { name: "Show everything" })).toHaveAttribute("href", "/");
});

it("says what is wrong and tries again when asked", async () => {
  let broken = true;
  openPage("/", {
    ...catalogue,
    "GET /results": () => (broken ? aProblem(503, "unavailable") : { items: [aResult()], next: null }),
  });
  expect(await screen.findByRole("alert")).toHaveTextContent("cannot answer right now");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Apple at dawn")).toBeVisible();
});
