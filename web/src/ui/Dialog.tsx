/** A question or a choice over the page; focus, Escape and the way back are Base UI's. */
import { Dialog as Base } from "@base-ui/react/dialog";
import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import styles from "./Dialog.module.css";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ open, onClose, title, wide, children }: DialogProps) {
  const { t } = useLingui();
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop ?? ""} />
        <Base.Popup className={`${styles.popup} ${wide ? styles.wide : ""}`}>
          <div className={styles.head}>
            <Base.Title className={styles.title ?? ""}>{title}</Base.Title>
            <Base.Close className={styles.close ?? ""} aria-label={t`Close`}>
              ×
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
