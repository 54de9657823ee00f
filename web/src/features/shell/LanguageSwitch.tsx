/** Switches the interface between English and Russian. */
import { useLingui } from "@lingui/react/macro";
import { LANGUAGES, type Language, switchLanguage } from "@/i18n/language";
import styles from "./Shell.module.css";

export function LanguageSwitch() {
  const { i18n } = useLingui();
  const other: Language = i18n.locale === "ru" ? "en" : "ru";
  return (
    <button
      type="button"
      className={styles.tool}
      lang={other}
      title={LANGUAGES[other]}
      aria-label={`${other.toUpperCase()}: ${LANGUAGES[other]}`}
      onClick={() => void switchLanguage(other)}
    >
      {other.toUpperCase()}
    </button>
  );
}
