/** The frame of one step, wherever steps are shown: its place, what it does, and with which model. */
import type { ReactNode } from "react";
import styles from "./StepCard.module.css";
import { type KindNames, useKindNames } from "./useKindNames";

interface StepCardProps {
  place: number;
  name: string;
  kind: keyof KindNames | string;
  model: string;
  /** What stands to the right of the title: a state, a time. */
  aside?: ReactNode;
  children: ReactNode;
}

export function StepCard({ place, name, kind, model, aside, children }: StepCardProps) {
  const kinds: Record<string, string> = useKindNames();
  return (
    <li className={styles.step}>
      <div className={styles.head}>
        <span className={styles.place} aria-hidden="true">
          {place}
        </span>
        <div>
          <h3>{kinds[kind] ?? kind}</h3>
          <span className={styles.sub}>
            <code>{name}</code> · {model}
          </span>
        </div>
        {aside && <span className={styles.aside}>{aside}</span>}
      </div>
      <div className={styles.body}>{children}</div>
    </li>
  );
}
