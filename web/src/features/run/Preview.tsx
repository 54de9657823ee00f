/** A rough picture of what a step is drawing: it changes as the step gets on, and gives way to what it makes. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import styles from "./Run.module.css";

export function Preview({ url, place }: { url: string; place: number }) {
  const { t } = useLingui();
  // One that is gone already is left out: the outputs, or the next preview, are about to come.
  const [gone, setGone] = useState("");
  if (url === gone) return null;
  return (
    <figure className={styles.preview}>
      <img src={url} alt={t`Rough preview of what step ${place} is drawing`} onError={() => setGone(url)} />
      <figcaption>
        <Trans>Rough preview</Trans>
      </figcaption>
    </figure>
  );
}
