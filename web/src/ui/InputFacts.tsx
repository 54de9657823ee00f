/** What went into a run: each input under its question, and the seed. */
import { useLingui } from "@lingui/react/macro";
import { Facts } from "./Facts";

export interface InputShown {
  name: string;
  label: string;
  type: "text" | "image";
}

interface InputFactsProps {
  values: Record<string, string>;
  seed: number;
  /** The inputs of the version, once they are known; until then values go by their names. */
  inputs: readonly InputShown[] | undefined;
}

export function InputFacts({ values, seed, inputs }: InputFactsProps) {
  const { t } = useLingui();
  const placeOf = (name: string) => inputs?.findIndex((known) => known.name === name) ?? 0;
  const ordered = Object.entries(values).sort(([a], [b]) => placeOf(a) - placeOf(b));
  const facts = ordered.map(([name, value]) => {
    const input = inputs?.find((known) => known.name === name);
    return { name: input?.label || name, value: input?.type === "image" ? t`a picture` : value };
  });
  return <Facts facts={[...facts, { name: t`Seed`, value: <code>{seed}</code> }]} />;
}
