/** How often a run is looked at. */
import { expect, it } from "vitest";
import { pollDelay } from "@/api/runs";
import { aRun } from "../builders";

const waiting = (position: number) =>
  aRun({
    queue: {
      position,
      more: false,
      eta_seconds: null,
      reason_code: "people_ahead",
      reason: "people are ahead",
    },
  });

it("a run that is over is not asked for again", () => {
  for (const state of ["succeeded", "failed", "cancelled"] as const)
    expect(pollDelay(aRun({ state }))).toBe(false);
});

it("a working run is asked for more often than a waiting one, and a far one least", () => {
  const delays = [pollDelay(aRun({ state: "running" })), pollDelay(waiting(1)), pollDelay(waiting(50))];
  expect(delays).toEqual([...delays].sort((a, b) => Number(a) - Number(b)));
  expect(new Set(delays).size).toBe(3);
});
