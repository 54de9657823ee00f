/** A rating as it stands, and the control that gives one. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useId } from "react";
import { useFormat } from "@/i18n/useFormat";
import styles from "./Stars.module.css";

const FIVE = [1, 2, 3, 4, 5];

export function StarsShown({ average, count }: { average: number | null; count: number }) {
  const format = useFormat();
  if (!count || average === null)
    return (
      <span className={styles.none}>
        <Trans>not rated yet</Trans>
      </span>
    );
  const stars = format.stars(average);
  return (
    <span className={styles.shown}>
      <span aria-hidden="true" className={styles.star}>
        ★
      </span>
      <span aria-hidden="true">{stars}</span>
      <span aria-hidden="true" className={styles.count}>
        ({format.number(count)})
      </span>
      <span className="sr-only">
        <Plural value={count} one={`${stars} of 5, # rating`} other={`${stars} of 5, # ratings`} />
      </span>
    </span>
  );
}

interface StarsInputProps {
  value: number | null;
  onChange: (stars: number) => void;
}

/** Five native radio buttons, so that keyboard and screen readers work by themselves. */
export function StarsInput({ value, onChange }: StarsInputProps) {
  const { t } = useLingui();
  const name = useId();
  return (
    <fieldset className={styles.input}>
      <legend className="sr-only">
        <Trans>Your rating</Trans>
      </legend>
      {FIVE.map((stars) => (
        <label key={stars} data-on={value !== null && stars <= value}>
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={value === stars}
            onChange={() => onChange(stars)}
            aria-label={t`${stars} of 5`}
          />
          <span aria-hidden="true">★</span>
        </label>
      ))}
    </fieldset>
  );
}
