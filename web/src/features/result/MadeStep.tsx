/** One step of a result with nothing left out: prompt, params, model and revision, seed, time, outputs. */
import { useLingui } from "@lingui/react/macro";
import type { ResultTask } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { type Fact, Facts } from "@/ui/Facts";
import { Outputs } from "@/ui/Outputs";
import { PromptBlock } from "@/ui/PromptBlock";
import { inOrder } from "@/ui/paramOrder";
import { StepCard } from "@/ui/StepCard";
import { useParamNames } from "@/ui/useParamNames";

const REVISION_SHOWN = 10;

export function MadeStep({ task, place }: { task: ResultTask; place: number }) {
  const { t } = useLingui();
  const format = useFormat();
  const paramName = useParamNames();
  const facts: Fact[] = [
    ...plainParams(task.params).map(([name, value]) => ({
      name: paramName(name),
      value: name === "image" ? referenceOf(value) : format.setting(value),
    })),
    { name: t`Seed`, value: <code>{task.seed}</code> },
    { name: t`Revision`, value: <code title={task.revision}>{task.revision.slice(0, REVISION_SHOWN)}</code> },
    ...(task.hardware === null ? [] : [{ name: t`Computed on`, value: task.hardware }]),
  ];
  return (
    <StepCard
      place={place}
      name={task.step}
      kind={task.kind}
      model={task.model}
      aside={task.seconds === null ? null : format.seconds(task.seconds)}
    >
      {task.prompt && <PromptBlock label={t`Prompt`} text={task.prompt} />}
      {longParams(task.params).map(([name, text]) => (
        <PromptBlock key={name} label={paramName(name)} text={text} />
      ))}
      <Facts facts={facts} />
      <Outputs outputs={task.outputs} alt={task.prompt ?? ""} />
    </StepCard>
  );
}

const WORDS = ["prompt", "system", "negative_prompt"];

/** A picture is named by the input or step that it came from. */
function referenceOf(value: unknown): string {
  return String(value).replace(/^\{\{|\}\}$/g, "");
}

function plainParams(params: Record<string, unknown>): [string, unknown][] {
  return inOrder(params).filter(([name]) => !WORDS.includes(name));
}

function longParams(params: Record<string, unknown>): [string, string][] {
  return Object.entries(params).flatMap(([name, value]): [string, string][] =>
    name !== "prompt" && WORDS.includes(name) && typeof value === "string" && value ? [[name, value]] : [],
  );
}
