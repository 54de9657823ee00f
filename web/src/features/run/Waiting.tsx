/** Why a run waits: how much is ahead of it, the reason, and how long that takes. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { QueuePlace } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import styles from "./Run.module.css";

export function Waiting({ place }: { place: QueuePlace }) {
  const format = useFormat();
  const reason = useReason(place);
  const ahead = format.number(place.position);
  const eta = place.eta_seconds === null ? null : format.seconds(place.eta_seconds);
  return (
    <p className={styles.soft} role="status">
      {place.position > 0 && (
        <strong>
          {place.more ? <Trans>More than {ahead} steps ahead.</Trans> : <Trans>Steps ahead: {ahead}.</Trans>}
        </strong>
      )}{" "}
      {reason} {eta && <Trans>About {eta}.</Trans>}
    </p>
  );
}

/** The reason in words; one that is not known here is told as the API tells it. */
function useReason(place: QueuePlace): string {
  const { t } = useLingui();
  const reasons: Record<QueuePlace["reason_code"], string> = {
    no_worker: t`No worker for this model is running: it goes on as soon as one comes.`,
    on_a_machine: t`A machine has it and begins as soon as it is free.`,
    model_loading: t`The model is loading.`,
    people_ahead: t`Others were here before you.`,
    own_ahead: t`Your own earlier steps come first.`,
    next: t`You are next.`,
  };
  return reasons[place.reason_code] ?? place.reason;
}
