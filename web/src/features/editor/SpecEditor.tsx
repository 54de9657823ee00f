/** The step editor: blanks on top, then a list of steps; it shows and changes a draft that its page keeps. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Dispatch } from "react";
import type { Kind, Model } from "@/api/types";
import { Button } from "@/ui/Button";
import { useKindNames } from "@/ui/useKindNames";
import { type Change, type Draft, MAX_INPUTS, MAX_STEPS, namesBefore } from "./draft";
import styles from "./Editor.module.css";
import { type Faults, under } from "./faults";
import { InputEditor } from "./InputEditor";
import { StepEditor } from "./StepEditor";

interface SpecEditorProps {
  draft: Draft;
  dispatch: Dispatch<Change>;
  faults: Faults;
  kinds: Kind[];
  models: Model[];
}

export function SpecEditor({ draft, dispatch, faults, kinds, models }: SpecEditorProps) {
  const { t } = useLingui();
  return (
    <div className={styles.spec}>
      <section className={styles.group}>
        <h2>
          <Trans>Inputs</Trans>
        </h2>
        <p className={styles.soft}>
          <Trans>
            What people fill in before they run it. In a prompt, an input is its name in double braces.
          </Trans>
        </p>
        {draft.inputs.length > 0 && (
          <ul className={styles.group}>
            {draft.inputs.map((input, index) => (
              <InputEditor
                key={input.key}
                input={input}
                dispatch={dispatch}
                faults={under(faults, `inputs.${index}`)}
              />
            ))}
          </ul>
        )}
        <div className={styles.buttons}>
          <Button
            small
            disabled={draft.inputs.length >= MAX_INPUTS}
            onClick={() => dispatch({ do: "addInput", type: "text" })}
          >
            <Trans>+ Words</Trans>
          </Button>
          <Button
            small
            disabled={draft.inputs.length >= MAX_INPUTS}
            onClick={() => dispatch({ do: "addInput", type: "image" })}
          >
            <Trans>+ A picture</Trans>
          </Button>
        </div>
      </section>
      <section className={styles.group}>
        <h2>
          <Trans>Steps</Trans>
        </h2>
        <ol aria-label={t`Steps`} className={styles.group}>
          {draft.steps.map((step, index) => (
            <StepEditor
              key={step.key}
              step={step}
              place={index + 1}
              last={index === draft.steps.length - 1}
              names={namesBefore(draft, index)}
              dispatch={dispatch}
              faults={under(faults, `steps.${index}`)}
              kinds={kinds}
              models={models}
            />
          ))}
        </ol>
        <AddStep full={draft.steps.length >= MAX_STEPS} dispatch={dispatch} kinds={kinds} models={models} />
      </section>
    </div>
  );
}

interface AddStepProps {
  full: boolean;
  dispatch: Dispatch<Change>;
  kinds: Kind[];
  models: Model[];
}

function AddStep({ full, dispatch, kinds, models }: AddStepProps) {
  const names: Record<string, string> = useKindNames();
  return (
    <div className={styles.buttons}>
      {kinds.map((kind) => {
        const model = models.find((candidate) => candidate.kinds.includes(kind.kind));
        if (!model) return null;
        return (
          <Button
            key={kind.kind}
            small
            disabled={full}
            onClick={() => dispatch({ do: "addStep", kind, model })}
          >
            + {names[kind.kind] ?? kind.title}
          </Button>
        );
      })}
    </div>
  );
}
