/** What a step does, in words, and the order in which kinds are told. */
import { useLingui } from "@lingui/react/macro";

export type KindNames = Record<"text" | "image" | "edit" | "caption" | "upscale", string>;

const ORDER = ["text", "image", "edit", "upscale", "caption"];

/** Kinds as they mostly follow each other; the API lists those of a pipeline by the alphabet. */
export function inKindOrder(kinds: readonly string[]): string[] {
  return [...kinds].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
}

export function useKindNames(): KindNames {
  const { t } = useLingui();
  return {
    text: t`Write a text`,
    image: t`Draw a picture`,
    edit: t`Change a picture`,
    caption: t`Describe a picture`,
    upscale: t`Enlarge a picture`,
  };
}
