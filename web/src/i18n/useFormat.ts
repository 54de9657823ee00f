/** Dates, numbers and durations as the interface language writes them. */
import { useLingui } from "@lingui/react";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function useFormat() {
  const { i18n } = useLingui();
  const locale = i18n.locale;
  return {
    number: (value: number) => new Intl.NumberFormat(locale).format(value),
    /** A setting as it was chosen: a number keeps all its digits, anything else its words. */
    setting: (value: unknown) =>
      typeof value === "number"
        ? new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 20 }).format(value)
        : String(value),
    stars: (value: number) =>
      new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value),
    date: (iso: string) =>
      new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso)),
    ago: (iso: string) => ago(iso, locale),
    /** On one line: the unit never stands alone on the next. */
    seconds: (value: number) =>
      new Intl.NumberFormat(locale, {
        style: "unit",
        unit: "second",
        unitDisplay: "narrow",
        maximumFractionDigits: value < 10 ? 1 : 0,
      })
        .format(value)
        .replaceAll(" ", "\u00a0"),
  };
}

function ago(iso: string, locale: string): string {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? format.format(Math.round(seconds / step[1]), step[0]) : format.format(0, "minute");
}
