/** From what stands in the run form to the request; knows nothing of how the form looks. */
import { fieldProblems } from "@/api/problems";
import type { RunRequest } from "@/api/runs";
import type { InputSpec, Spec } from "@/api/types";

export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** A picture chosen for an image input; without a URL it can be used but not shown. */
export interface ChosenImage {
  id: string;
  url?: string;
}

export interface FormValues {
  texts: Record<string, string>;
  images: Record<string, ChosenImage>;
  seed: string;
}

export interface Prefill {
  inputs?: Record<string, string>;
  seed?: number;
  /** Chosen pictures by input, or one for whichever image input comes first. */
  image?: ChosenImage | undefined;
  /** URLs of pictures that the inputs may name by id. */
  urls?: Record<string, string>;
}

/** Keeps what somebody asked for at an address while the tab lives: signing in must not cost them what they typed. */
export function keepValues(address: string, values: FormValues): void {
  sessionStorage.setItem(`atelier.run.${address}`, JSON.stringify(values));
}

export function keptValues(address: string): FormValues | null {
  return JSON.parse(sessionStorage.getItem(`atelier.run.${address}`) ?? "null");
}

export type Blame = "missing" | "seed";

/** What the form begins with: what was last asked for at this address, and the first values where that says nothing. */
export function startingValues(address: string, spec: Spec, prefill: Prefill): FormValues {
  const first = firstValues(spec, prefill);
  const kept = keptValues(address);
  if (!kept) return first;
  return {
    texts: { ...first.texts, ...kept.texts },
    images: { ...first.images, ...kept.images },
    seed: kept.seed,
  };
}

export function firstValues(spec: Spec, prefill: Prefill): FormValues {
  const texts: Record<string, string> = {};
  const images: Record<string, ChosenImage> = {};
  let extra = prefill.image;
  for (const input of spec.inputs ?? []) {
    const given = prefill.inputs?.[input.name];
    if (input.type === "text") texts[input.name] = given ?? defaultOf(input);
    else if (extra) {
      images[input.name] = extra;
      extra = undefined;
    } else if (given) images[input.name] = chosen(given, prefill.urls?.[given]);
  }
  return { texts, images, seed: prefill.seed === undefined ? "" : String(prefill.seed) };
}

function chosen(id: string, url: string | undefined): ChosenImage {
  return url ? { id, url } : { id };
}

function defaultOf(input: InputSpec): string {
  return input.type === "text" ? (input.default ?? "") : "";
}

/** The request, or what is wrong by field; an emptied text without a default counts as missing. */
export function toRequest(
  target: { pipeline: string; version: number },
  spec: Spec,
  values: FormValues,
): { request: RunRequest } | { blame: Record<string, Blame> } {
  const blame: Record<string, Blame> = {};
  const inputs: Record<string, string> = {};
  for (const input of spec.inputs ?? []) {
    const value = input.type === "text" ? values.texts[input.name] : values.images[input.name]?.id;
    if (value) inputs[input.name] = value;
    else if (input.type === "text" && typeof input.default === "string")
      inputs[input.name] = value ?? input.default;
    else blame[input.name] = "missing";
  }
  const seed = values.seed.trim();
  if (seed && !isSeed(seed)) blame.seed = "seed";
  if (Object.keys(blame).length > 0) return { blame };
  return { request: { ...target, inputs, ...(seed ? { seed: Number(seed) } : {}) } };
}

function isSeed(text: string): boolean {
  return /^\d{1,16}$/.test(text) && Number(text) <= MAX_SEED;
}

/** The API's words for each field of the form, by input name or `seed`. */
export function errorsByField(error: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldProblems(error)).map(([field, message]) => [field.replace(/^inputs\./, ""), message]),
  );
}
