/** How far a whole run is, from its tasks. */
import type { Run } from "@/api/types";

/** Between 0 and 1; every step counts the same, a running one by its own progress. */
export function progressOf(run: Run): number {
  if (run.tasks.length === 0) return 0;
  const done = run.tasks.map((task) => {
    if (task.state === "succeeded") return 1;
    return task.state === "running" ? task.progress : 0;
  });
  return done.reduce((sum, part) => sum + part, 0) / run.tasks.length;
}
