/** The frame of every page. */
import { Trans } from "@lingui/react/macro";
import { Outlet } from "@tanstack/react-router";
import { AccountGate } from "@/features/shell/AccountGate";
import { Header } from "@/features/shell/Header";
import styles from "@/features/shell/Shell.module.css";

export function RootLayout() {
  return (
    <AccountGate>
      <a href="#main" className={styles.skip}>
        <Trans>Skip to the content</Trans>
      </a>
      <Header />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
    </AccountGate>
  );
}
