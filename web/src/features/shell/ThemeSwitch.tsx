/** Light, dark, or as the system has it. */
import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import styles from "./Shell.module.css";

type Theme = "system" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const SIGN: Record<Theme, string> = { system: "◐", light: "○", dark: "●" };

export function ThemeSwitch() {
  const { t } = useLingui();
  const [theme, setTheme] = useState<Theme>(shownTheme);
  const names: Record<Theme, string> = {
    system: t`Theme: as the system`,
    light: t`Theme: light`,
    dark: t`Theme: dark`,
  };
  const turn = () => {
    apply(NEXT[theme]);
    setTheme(NEXT[theme]);
  };
  return (
    <button
      type="button"
      className={styles.tool}
      title={names[theme]}
      aria-label={names[theme]}
      onClick={turn}
    >
      <span aria-hidden="true">{SIGN[theme]}</span>
    </button>
  );
}

function shownTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

function apply(theme: Theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("atelier.theme", theme);
  } catch {
    // Storage may be blocked: the choice then holds until the page is closed.
  }
}
