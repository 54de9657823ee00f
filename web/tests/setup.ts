/** Before each test file: DOM matchers, English, and what jsdom lacks. */
import "@testing-library/jest-dom/vitest";
import { i18n } from "@lingui/core";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 15_000 });

// In tests the macros keep their English messages, so an empty catalogue is English.
beforeEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));
afterEach(cleanup);
afterEach(() => sessionStorage.clear());

// What React or the page complains about is a fault, not noise.
for (const level of ["error", "warn"] as const)
  vi.spyOn(console, level).mockImplementation((...words) => {
    throw new Error(words.map(String).join(" "));
  });

class NoResizes {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal("ResizeObserver", NoResizes);
// jsdom has no layout: a page as wide as a desktop one lets the gallery make rows.
vi.spyOn(Element.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 1200, 800));
// Asked for by axe, which then looks at no pixels.
HTMLCanvasElement.prototype.getContext = () => null;
window.scrollTo = () => {};
