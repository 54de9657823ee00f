/** The interface language: which one to begin with, loading its catalogue, remembering a change. */
import { i18n } from "@lingui/core";

export const LANGUAGES = { en: "English", ru: "Русский" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "atelier.language";

const catalogues = {
  en: () => import("./en.po"),
  ru: () => import("./ru.po"),
};

/** The stored choice, else the first of the browser's languages that exists here, else English. */
export function firstLanguage(stored: string | null, preferred: readonly string[]): Language {
  const wanted = [stored ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return wanted.find(isLanguage) ?? "en";
}

export async function startLanguage(): Promise<void> {
  await show(firstLanguage(readStored(), navigator.languages));
}

export async function switchLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Storage may be blocked: the choice then holds until the page is closed.
  }
  await show(language);
}

async function show(language: Language): Promise<void> {
  const { messages } = await catalogues[language]();
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language;
}

function readStored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}
