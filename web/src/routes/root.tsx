/** The frame of every page. */
import { Trans } from "@lingui/react/macro";
import { Outlet, useLocation } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";
import { AccountGate } from "@/features/shell/AccountGate";
import { Footer } from "@/features/shell/Footer";
import { Header } from "@/features/shell/Header";
import styles from "@/features/shell/Shell.module.css";

export function RootLayout() {
  const main = useFocusOnArrival();
  return (
    <AccountGate>
      <a href="#main" className={styles.skip}>
        <Trans>Skip to the content</Trans>
      </a>
      <Header />
      <main id="main" ref={main} className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Footer />
    </AccountGate>
  );
}

/** Whoever follows a link goes on reading at the content: the link itself is gone, and the keyboard's place with it. */
function useFocusOnArrival(): RefObject<HTMLElement | null> {
  const page = useLocation({ select: (location) => location.pathname });
  const shown = useRef(page);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (shown.current !== page) main.current?.focus({ preventScroll: true });
    shown.current = page;
  }, [page]);
  return main;
}
