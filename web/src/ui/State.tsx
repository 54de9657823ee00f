/** What a page says when it has nothing to show: waiting, empty, or failed, always with a way out. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./State.module.css";

export function Loading() {
  const { t } = useLingui();
  return (
    <div className={styles.state} role="status" aria-label={t`Loading`}>
      <span className={styles.spinner} />
    </div>
  );
}

interface EmptyProps {
  title: ReactNode;
  /** True when this is all that the page shows, so that its title is the page's heading. */
  whole?: boolean;
  children?: ReactNode;
}

export function Empty({ title, whole, children }: EmptyProps) {
  const Heading = whole ? "h1" : "h2";
  return (
    <div className={styles.state}>
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

export function Failure({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <div className={styles.state} role="alert">
      <h2>{message}</h2>
      {onRetry && (
        <Button onClick={onRetry}>
          <Trans>Try again</Trans>
        </Button>
      )}
    </div>
  );
}

/** A short notice inside a form or a card. */
export function Notice({ tone, children }: { tone: "bad" | "good" | "plain"; children: ReactNode }) {
  return (
    <p className={`${styles.notice} ${styles[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </p>
  );
}
