/** Why saving was refused: the message, and each place that needs another look. */
import { useLingui } from "@lingui/react/macro";
import { problemMessage } from "@/api/problems";
import { Notice } from "@/ui/State";
import { useParamNames } from "@/ui/useParamNames";
import styles from "./Editor.module.css";
import { type Faults, faultsOf } from "./faults";

export function FaultSummary({ error }: { error: unknown }) {
  const place = usePlaceNames();
  if (!error) return null;
  const faults: Faults = faultsOf(error);
  return (
    <div className={styles.faults}>
      <Notice tone="bad">{problemMessage(error)}</Notice>
      <ul>
        {Object.entries(faults).map(([field, msg]) => (
          <li key={field}>
            <strong>{place(field)}</strong> {msg}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** `steps.0.params.prompt` as “Step 1, Prompt”. */
function usePlaceNames(): (field: string) => string {
  const { t } = useLingui();
  const paramName = useParamNames();
  const about: Record<string, string> = {
    title: t`Title`,
    description: t`Description`,
    tags: t`Tags`,
    visibility: t`Who can see it`,
    name: t`Name`,
    model: t`Model`,
  };
  return (field) => {
    const [part = "", index, ...rest] = field.split(".");
    const number = Number(index) + 1;
    if (part !== "steps" && part !== "inputs") return `${about[part] ?? field}:`;
    const where = part === "steps" ? t`Step ${number}` : t`Input ${number}`;
    const last = rest.at(-1);
    return last ? `${where}, ${about[last] ?? paramName(last)}:` : `${where}:`;
  };
}
