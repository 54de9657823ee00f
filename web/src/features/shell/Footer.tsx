/** The foot of every page: which version this is, and where its API is described. */
import { Trans } from "@lingui/react/macro";
import styles from "./Shell.module.css";

export function Footer() {
  const version = __VERSION__;
  return (
    <footer className={styles.footer}>
      <span>Atelier {version}</span>
      <a href="/api/docs">
        <Trans>The API</Trans>
      </a>
    </footer>
  );
}
