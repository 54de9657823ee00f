/** The steps of a version in plain sight: prompts with their blanks, settings folded away. */
import { Trans } from "@lingui/react/macro";
import type { Spec, StepSpec } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Facts } from "@/ui/Facts";
import { PromptTemplate } from "@/ui/PromptTemplate";
import { inOrder } from "@/ui/paramOrder";
import { StepCard } from "@/ui/StepCard";
import { useParamNames } from "@/ui/useParamNames";

const WORDS = ["prompt", "system", "negative_prompt"];

export function SpecSteps({ spec }: { spec: Spec }) {
  const labels = Object.fromEntries(
    (spec.inputs ?? []).map((input) => [input.name, input.label || input.name]),
  );
  return (
    <ol>
      {spec.steps.map((step, index) => (
        <StepCard key={step.name} place={index + 1} name={step.name} kind={step.kind} model={step.model}>
          <Words step={step} labels={labels} />
          <Settings step={step} />
        </StepCard>
      ))}
    </ol>
  );
}

function Words({ step, labels }: { step: StepSpec; labels: Record<string, string> }) {
  const paramName = useParamNames();
  const params: Record<string, unknown> = { ...step.params };
  const words = [...(params.image ? ["image"] : []), ...WORDS];
  return words.map((name) => {
    const text = params[name];
    if (typeof text !== "string" || !text) return null;
    return (
      <div key={name}>
        {name !== "prompt" && <small>{paramName(name)}</small>}
        <PromptTemplate template={text} labels={labels} />
      </div>
    );
  });
}

function Settings({ step }: { step: StepSpec }) {
  const paramName = useParamNames();
  const format = useFormat();
  const facts = inOrder<unknown>({ ...step.params })
    .filter(([name]) => name !== "image" && !WORDS.includes(name))
    .map(([name, value]) => ({ name: paramName(name), value: format.setting(value) }));
  if (facts.length === 0) return null;
  return (
    <details>
      <summary>
        <Trans>Settings</Trans>
      </summary>
      <Facts facts={facts} />
    </details>
  );
}
