/** One blank: its label, its name in prompts, and what stands in it at first. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { Dispatch } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import type { Change, DraftInput } from "./draft";
import styles from "./Editor.module.css";
import type { Faults } from "./faults";

interface InputEditorProps {
  input: DraftInput;
  dispatch: Dispatch<Change>;
  faults: Faults;
}

export function InputEditor({ input, dispatch, faults }: InputEditorProps) {
  const { t } = useLingui();
  const { key } = input;
  return (
    <li className={styles.input}>
      <Field
        label={input.type === "image" ? <Trans>Question about the picture</Trans> : <Trans>Question</Trans>}
        error={faults.label}
      >
        <input
          value={input.label}
          maxLength={200}
          placeholder={input.type === "image" ? t`Which picture?` : t`Who or what?`}
          onChange={({ target }) => dispatch({ do: "setInput", key, set: { label: target.value } })}
        />
      </Field>
      <Field label={<Trans>Name in prompts</Trans>} error={faults.name}>
        <input
          value={input.name}
          maxLength={32}
          spellCheck={false}
          autoCapitalize="none"
          onChange={({ target }) => dispatch({ do: "rename", key, name: target.value })}
        />
      </Field>
      {input.type === "text" && (
        <Field label={<Trans>Example to start with</Trans>} error={faults.default}>
          <input
            value={input.default}
            maxLength={8000}
            onChange={({ target }) => dispatch({ do: "setInput", key, set: { default: target.value } })}
          />
        </Field>
      )}
      <Button
        look="plain"
        small
        onClick={() => dispatch({ do: "remove", key })}
        aria-label={t`Delete ${input.name}`}
      >
        <Trans>Delete</Trans>
      </Button>
    </li>
  );
}
