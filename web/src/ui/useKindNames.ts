/** What a step does, in words. */
import { useLingui } from "@lingui/react/macro";

export type KindNames = Record<"text" | "image" | "edit", string>;

export function useKindNames(): KindNames {
  const { t } = useLingui();
  return { text: t`Write a text`, image: t`Draw a picture`, edit: t`Change a picture` };
}
