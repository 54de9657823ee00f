/** Which language the page begins in, and that Russian counts as Russian does. */
import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { firstLanguage, switchLanguage } from "@/i18n/language";

describe("the first language", () => {
  it("is the one that was chosen before", () => {
    expect(firstLanguage("ru", ["en-US"])).toBe("ru");
  });

  it("is else the browser's first that exists here", () => {
    expect(firstLanguage(null, ["de-DE", "ru-RU", "en"])).toBe("ru");
  });

  it.each(["xx", "constructor", ""])("is English after a stored %s and nothing known", (stored) => {
    expect(firstLanguage(stored, ["fr"])).toBe("en");
  });
});

it("switching is remembered and told to the browser", async () => {
  await switchLanguage("ru");
  expect([i18n.locale, document.documentElement.lang, localStorage.getItem("atelier.language")]).toEqual([
    "ru",
    "ru",
    "ru",
  ]);
});
