/** One param as a form control: a prompt with its blanks at hand, a choice of picture, a number in its range. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useRef } from "react";
import { Field } from "@/ui/Field";
import { useParamNames } from "@/ui/useParamNames";
import styles from "./Editor.module.css";
import type { ParamField } from "./params";

interface ParamControlProps {
  field: ParamField;
  value: unknown;
  names: { text: string[]; image: string[] };
  error: string | undefined;
  onChange: (value: unknown) => void;
}

export function ParamControl(props: ParamControlProps) {
  switch (props.field.control) {
    case "words":
      return <Words {...props} />;
    case "image":
      return <ImageChoice {...props} />;
    case "number":
      return <NumberField {...props} />;
    default:
      return <Line {...props} />;
  }
}

function Words({ field, value, names, error, onChange }: ParamControlProps) {
  const paramName = useParamNames();
  const { t } = useLingui();
  const area = useRef<HTMLTextAreaElement>(null);
  const text = String(value ?? "");
  const insert = (name: string) => {
    const node = area.current;
    const [from, to] = [node?.selectionStart ?? text.length, node?.selectionEnd ?? text.length];
    onChange(`${text.slice(0, from)}{{${name}}}${text.slice(to)}`);
    node?.focus();
  };
  return (
    <div className={styles.words}>
      <Field label={paramName(field.name, field.title)} error={error}>
        <textarea
          ref={area}
          rows={3}
          maxLength={8000}
          value={text}
          onChange={({ target }) => onChange(target.value)}
        />
      </Field>
      {names.text.length > 0 && (
        <div className={styles.chips}>
          <span className={styles.soft}>
            <Trans>Insert:</Trans>
          </span>
          {names.text.map((name) => (
            <button key={name} type="button" onClick={() => insert(name)} aria-label={t`Insert ${name}`}>
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function ImageChoice({ field, value, names, error, onChange }: ParamControlProps) {
  const paramName = useParamNames();
  const { t } = useLingui();
  const references = names.image.map((name) => `{{${name}}}`);
  const current = String(value ?? "");
  return (
    <Field
      label={paramName(field.name, field.title)}
      error={error}
      hint={
        references.length === 0 ? (
          <Trans>Add a picture as an input, or a step before that draws one.</Trans>
        ) : undefined
      }
    >
      <select value={current} onChange={({ target }) => onChange(target.value)}>
        {!references.includes(current) && <option value={current}>{current || t`Choose…`}</option>}
        {references.map((reference) => (
          <option key={reference} value={reference}>
            {reference.slice(2, -2)}
          </option>
        ))}
      </select>
    </Field>
  );
}

function NumberField({ field, value, error, onChange }: ParamControlProps) {
  const paramName = useParamNames();
  const { min, max } = field;
  return (
    <Field
      label={paramName(field.name, field.title)}
      error={error}
      hint={min === undefined || max === undefined ? undefined : min === max ? `= ${min}` : `${min} – ${max}`}
    >
      <input
        type="number"
        min={min}
        max={max}
        step={field.whole ? (field.step ?? 1) : "any"}
        value={typeof value === "number" ? value : ""}
        onChange={({ target }) => onChange(target.value === "" ? null : target.valueAsNumber)}
      />
    </Field>
  );
}

function Line({ field, value, error, onChange }: ParamControlProps) {
  const paramName = useParamNames();
  const label = paramName(field.name, field.title);
  if (field.control === "flag")
    return (
      <label className={styles.flag}>
        <input type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} />{" "}
        {label}
      </label>
    );
  return (
    <Field label={label} error={error}>
      {field.choices ? (
        <select value={String(value ?? "")} onChange={({ target }) => onChange(target.value)}>
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input value={String(value ?? "")} onChange={({ target }) => onChange(target.value)} />
      )}
    </Field>
  );
}
