/** One step of a run while it goes and after. */
import { Trans, useLingui } from "@lingui/react/macro";
import { codeMessage } from "@/api/problems";
import type { RunTask } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Outputs } from "@/ui/Outputs";
import { Progress } from "@/ui/Progress";
import { PromptBlock } from "@/ui/PromptBlock";
import { Notice } from "@/ui/State";
import { StepCard } from "@/ui/StepCard";
import { Preview } from "./Preview";
import { useStateNames } from "./useStateNames";

export function TaskCard({ task, place }: { task: RunTask; place: number }) {
  const { t } = useLingui();
  const names = useStateNames();
  const format = useFormat();
  const time = task.seconds === null ? "" : ` · ${format.seconds(task.seconds)}`;
  return (
    <StepCard
      place={place}
      name={task.step}
      kind={task.kind}
      model={task.model}
      aside={names[task.state] + time}
    >
      {task.state === "running" && (
        <Progress value={task.progress || null} label={t`Progress of step ${place}`} />
      )}
      {task.attempts > 1 && (
        <Notice tone="plain">
          <Trans>Try number {task.attempts}: the one before was lost or failed.</Trans>
        </Notice>
      )}
      {task.prompt && <PromptBlock label={t`Prompt`} text={task.prompt} />}
      {task.preview_url && <Preview url={task.preview_url} place={place} />}
      {task.outputs.length > 0 && <Outputs outputs={task.outputs} alt={task.prompt ?? ""} />}
      {task.error && <Notice tone="bad">{codeMessage(task.error.code, task.error.detail)}</Notice>}
    </StepCard>
  );
}
