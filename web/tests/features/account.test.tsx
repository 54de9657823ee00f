/** Ways in, and what one's account shows. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { anAccount } from "../builders";
import { aProblem, openPage } from "../page";

const runs = { "GET /runs": { items: [], next: null } };

it("signing in leads back to where one was", async () => {
  const { router } = openPage("/sign-in?next=%2Fruns", {
    ...runs,
    "POST /sessions": anAccount(),
    "GET /me": anAccount(),
  });
  await userEvent.type(await screen.findByLabelText("Name or e-mail"), "ana");
  await userEvent.type(screen.getByLabelText("Password"), "correct horse");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/runs"));
});

it("a wrong password is said so", async () => {
  openPage("/sign-in", { "POST /sessions": aProblem(401, "wrong_login") });
  await userEvent.type(await screen.findByLabelText("Name or e-mail"), "ana");
  await userEvent.type(screen.getByLabelText("Password"), "wrong horse");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("do not match");
});

it("a guest completes the account that they have instead of opening another", async () => {
  const full = anAccount({ handle: "mia" });
  const { calls } = openPage("/sign-up", { "GET /me": anAccount({ guest: true }), "PATCH /me": full });
  await userEvent.type(await screen.findByLabelText("Name"), "mia");
  await userEvent.type(screen.getByLabelText("E-mail"), "mia@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "a long password");
  await userEvent.click(screen.getByRole("button", { name: "Complete the account" }));
  await waitFor(() => expect(calls.some((call) => call.method === "PATCH")).toBe(true));
  expect(calls.some((call) => call.method === "POST")).toBe(false);
});

it("a new key is shown once, with the words to keep it", async () => {
  const key = { id: "k", name: "laptop", prefix: "atl_8fK2", created_at: "2027-01-01T00:00:00Z" };
  openPage("/account", {
    "GET /me": anAccount(),
    "GET /keys": { items: [{ ...key, expires_at: null, last_used_at: null }], next: null },
    "POST /keys": { ...key, key: "atl_8fK2secret", expires_at: null },
  });
  await userEvent.type(await screen.findByLabelText("What is the key for?"), "laptop");
  await userEvent.click(screen.getByRole("button", { name: "Make a key" }));
  expect(await screen.findByText("atl_8fK2secret")).toBeVisible();
  expect(screen.getByText(/shown this once only/)).toBeVisible();
});

it("who signs out leaves nothing behind of what they typed or saw", async () => {
  sessionStorage.setItem("atelier.new", "{}");
  let me: object = anAccount();
  const { router } = openPage("/account", {
    "GET /me": () => me,
    "GET /keys": { items: [], next: null },
    "GET /results": { items: [], next: null },
    "GET /runs": () => aProblem(401, "not_signed_in"),
    "DELETE /sessions/current": () => {
      me = aProblem(401, "not_signed_in");
      return null;
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Sign out" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  expect(sessionStorage.getItem("atelier.new")).toBeNull();
});

it("a new password needs the one in use", async () => {
  const me = anAccount({ email: "ana@example.org" });
  const { calls } = openPage("/account", {
    "GET /me": me,
    "GET /keys": { items: [], next: null },
    "PATCH /me": (call) =>
      (call.body as { current_password: string }).current_password === "correct horse"
        ? me
        : aProblem(403, "wrong_password"),
  });
  await userEvent.click(await screen.findByText("Change e-mail or password"));
  await userEvent.type(screen.getByLabelText("New password"), "a longer password");
  await userEvent.type(screen.getByLabelText("Present password"), "wrong horse");
  const form = screen.getByLabelText("Present password").closest("form") as HTMLElement;
  await userEvent.click(within(form).getByRole("button", { name: "Save" }));
  expect(await within(form).findByRole("alert")).toBeVisible();
  await userEvent.clear(screen.getByLabelText("Present password"));
  await userEvent.type(screen.getByLabelText("Present password"), "correct horse");
  await userEvent.click(within(form).getByRole("button", { name: "Save" }));
  expect(await within(form).findByText("Saved.")).toBeVisible();
  expect(calls.filter((call) => call.method === "PATCH").at(-1)?.body).toEqual({
    password: "a longer password",
    current_password: "correct horse",
  });
});
