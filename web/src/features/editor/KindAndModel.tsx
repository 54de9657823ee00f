/** What a step does and with which model; a change of either keeps the params that still fit. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Dispatch } from "react";
import type { Kind, Model } from "@/api/types";
import { Field } from "@/ui/Field";
import { useKindNames } from "@/ui/useKindNames";
import type { Change, DraftStep } from "./draft";

interface KindAndModelProps {
  step: DraftStep;
  kinds: Kind[];
  models: Model[];
  dispatch: Dispatch<Change>;
  error: string | undefined;
}

export function KindAndModel({ step, kinds, models, dispatch, error }: KindAndModelProps) {
  const { t } = useLingui();
  const kindNames: Record<string, string> = useKindNames();
  const fitting = (kind: string) => models.filter((model) => model.kinds.some((known) => known === kind));
  const choose = (kindName: string, model: Model | undefined) => {
    const kind = kinds.find((known) => known.kind === kindName);
    if (kind && model) dispatch({ do: "setModel", key: step.key, kind, model });
  };
  return (
    <>
      <Field label={<Trans>What it does</Trans>}>
        <select value={step.kind} onChange={({ target }) => choose(target.value, fitting(target.value)[0])}>
          {kinds.map((kind) => (
            <option key={kind.kind} value={kind.kind}>
              {kindNames[kind.kind] ?? kind.title}
            </option>
          ))}
        </select>
      </Field>
      <Field label={<Trans>Model</Trans>} error={error}>
        <select
          value={step.model}
          onChange={({ target }) =>
            choose(
              step.kind,
              models.find((model) => model.id === target.value),
            )
          }
        >
          {!models.some((model) => model.id === step.model) && (
            <option value={step.model}>{step.model}</option>
          )}
          {fitting(step.kind).map((model) => (
            <option key={model.id} value={model.id}>
              {model.available ? model.title : t`${model.title} (no worker now)`}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
}
