/** One step in the editor: what it does, with which model, its prompt, and its settings folded away. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Dispatch } from "react";
import type { Kind, Model } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import type { Change, DraftStep } from "./draft";
import styles from "./Editor.module.css";
import { type Faults, under } from "./faults";
import { KindAndModel } from "./KindAndModel";
import { ParamControl } from "./ParamControl";
import { fieldsOf } from "./params";

interface StepEditorProps {
  step: DraftStep;
  place: number;
  last: boolean;
  names: { text: string[]; image: string[] };
  dispatch: Dispatch<Change>;
  faults: Faults;
  kinds: Kind[];
  models: Model[];
}

export function StepEditor({ step, place, last, names, dispatch, faults, kinds, models }: StepEditorProps) {
  const kind = kinds.find((known) => known.kind === step.kind);
  const model = models.find((known) => known.id === step.model);
  const fields = kind ? fieldsOf(kind, model) : [];
  const main = fields.filter((field) => field.name === "prompt" || field.control === "image");
  const rest = fields.filter((field) => !main.includes(field));
  const paramFaults = under(faults, "params");
  const control = (field: (typeof fields)[number]) => (
    <ParamControl
      key={field.name}
      field={field}
      value={step.params[field.name]}
      names={names}
      error={paramFaults[field.name]}
      onChange={(value) => dispatch({ do: "setParam", key: step.key, param: field.name, value })}
    />
  );
  return (
    <li className={styles.step}>
      <StepBar step={step} place={place} last={last} dispatch={dispatch} />
      <div className={styles.pair}>
        <KindAndModel
          step={step}
          kinds={kinds}
          models={models}
          dispatch={dispatch}
          error={faults.model ?? faults.kind}
        />
      </div>
      {main.map(control)}
      <details open={rest.some((field) => paramFaults[field.name]) || Boolean(faults.name) || undefined}>
        <summary>
          <Trans>Settings</Trans>
        </summary>
        <div className={styles.settings}>
          <Field label={<Trans>Name in later prompts</Trans>} error={faults.name}>
            <input
              value={step.name}
              maxLength={32}
              spellCheck={false}
              autoCapitalize="none"
              onChange={({ target }) => dispatch({ do: "rename", key: step.key, name: target.value })}
            />
          </Field>
          {rest.map(control)}
        </div>
      </details>
    </li>
  );
}

function StepBar({
  step,
  place,
  last,
  dispatch,
}: Pick<StepEditorProps, "step" | "place" | "last" | "dispatch">) {
  const { t } = useLingui();
  const { key } = step;
  return (
    <div className={styles.bar}>
      <h3>
        <Trans>Step {place}</Trans>
      </h3>
      <Button
        look="plain"
        small
        disabled={place === 1}
        aria-label={t`Move step ${place} up`}
        onClick={() => dispatch({ do: "move", key, by: -1 })}
      >
        ↑
      </Button>
      <Button
        look="plain"
        small
        disabled={last}
        aria-label={t`Move step ${place} down`}
        onClick={() => dispatch({ do: "move", key, by: 1 })}
      >
        ↓
      </Button>
      <Button
        look="plain"
        small
        aria-label={t`Delete step ${place}`}
        onClick={() => dispatch({ do: "remove", key })}
      >
        <Trans>Delete</Trans>
      </Button>
    </div>
  );
}
