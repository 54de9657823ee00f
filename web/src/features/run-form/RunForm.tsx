/** The form that a version's inputs make: fill in the blanks, and run. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useLocation } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { problemMessage } from "@/api/problems";
import type { Spec } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import {
  type Blame,
  errorsByField,
  type FormValues,
  keepValues,
  type Prefill,
  startingValues,
  toRequest,
} from "./form";
import { ImageField } from "./ImageField";
import styles from "./RunForm.module.css";
import { useRunFlow } from "./useRunFlow";

interface RunFormProps {
  pipeline: string;
  version: number;
  spec: Spec;
  prefill?: Prefill;
  children?: ReactNode;
}

export function RunForm({ pipeline, version, spec, prefill = {}, children }: RunFormProps) {
  const flow = useRunFlow();
  const address = useLocation({ select: (location) => location.href });
  const [values, setValues] = useState(() => startingValues(address, spec, prefill));
  const [blame, setBlame] = useState<Record<string, Blame>>({});
  const errors = useErrors(blame, flow.error);

  const change = (update: (old: FormValues) => FormValues) => {
    setBlame({});
    setValues(update);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const outcome = toRequest({ pipeline, version }, spec, values);
    setBlame("blame" in outcome ? outcome.blame : {});
    if (!("request" in outcome)) return;
    keepValues(address, values);
    flow.begin(outcome.request);
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Inputs spec={spec} values={values} errors={errors} onChange={change} />
      <SeedField
        value={values.seed}
        error={errors.seed}
        onChange={(seed) => change((old) => ({ ...old, seed }))}
      />
      {flow.error && <Notice tone="bad">{problemMessage(flow.error)}</Notice>}
      <div className={styles.actions}>
        <Button type="submit" look="main" busy={flow.busy}>
          <Trans>Run</Trans>
        </Button>
        {children}
      </div>
    </form>
  );
}

interface InputsProps {
  spec: Spec;
  values: FormValues;
  errors: Record<string, string>;
  onChange: (update: (old: FormValues) => FormValues) => void;
}

function Inputs({ spec, values, errors, onChange }: InputsProps) {
  return (spec.inputs ?? []).map((input) => {
    const label = input.label || input.name;
    if (input.type === "image")
      return (
        <ImageField
          key={input.name}
          label={label}
          value={values.images[input.name] ?? null}
          error={errors[input.name]}
          onChange={(image) =>
            onChange((old) => ({ ...old, images: { ...old.images, [input.name]: image } }))
          }
        />
      );
    return (
      <Field key={input.name} label={label} error={errors[input.name]}>
        <textarea
          rows={2}
          maxLength={8000}
          value={values.texts[input.name] ?? ""}
          onChange={({ target }) =>
            onChange((old) => ({ ...old, texts: { ...old.texts, [input.name]: target.value } }))
          }
        />
      </Field>
    );
  });
}

interface SeedFieldProps {
  value: string;
  error: string | undefined;
  onChange: (seed: string) => void;
}

function SeedField({ value, error, onChange }: SeedFieldProps) {
  const { t } = useLingui();
  return (
    <Field
      label={<Trans>Seed</Trans>}
      hint={
        <Trans>
          Leave it empty for something new each time. The same words and seed make the same thing.
        </Trans>
      }
      error={error}
    >
      <input
        inputMode="numeric"
        autoComplete="off"
        placeholder={t`random`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

function useErrors(blame: Record<string, Blame>, error: unknown): Record<string, string> {
  const { t } = useLingui();
  const words: Record<Blame, string> = {
    missing: t`Please fill this in.`,
    seed: t`A seed is a whole number from 0 to 9007199254740991.`,
  };
  const own = Object.entries(blame).map(([field, reason]) => [field, words[reason]]);
  return { ...errorsByField(error), ...Object.fromEntries(own) };
}
