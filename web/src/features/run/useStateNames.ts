/** The states of runs and tasks in words. */
import { useLingui } from "@lingui/react/macro";
import type { RunTask } from "@/api/types";

export function useStateNames(): Record<RunTask["state"], string> {
  const { t } = useLingui();
  return {
    waiting: t`Waiting for the step before`,
    queued: t`In the queue`,
    running: t`Working`,
    succeeded: t`Done`,
    failed: t`Failed`,
    cancelled: t`Cancelled`,
  };
}
