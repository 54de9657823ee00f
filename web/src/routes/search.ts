/** What the address of a page may carry after `?`; anything else is dropped, never an error. */
import type { KindName, PipelineFilters, ResultFilters, Sort } from "@/api/types";

const SORTS: readonly Sort[] = ["top", "new", "trending"];
const KINDS: readonly KindName[] = ["text", "image", "edit", "caption", "upscale"];

type Raw = Record<string, unknown>;

/** The router reads `?q=42` as a number; a filter is always text. */
function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() ? value : undefined;
}

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((known) => known === value);
}

function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

export function gallerySearch(raw: Raw): ResultFilters {
  return present<ResultFilters>({
    q: text(raw.q),
    tag: text(raw.tag),
    kind: oneOf(KINDS, raw.kind),
    model: text(raw.model),
    sort: oneOf(SORTS, raw.sort),
  });
}

export const pipelinesSearch: (raw: Raw) => PipelineFilters = gallerySearch;

export interface PipelineSearch {
  /** The version to show and run; the latest when absent. */
  version?: number;
  /** A result whose inputs and seed fill the form. */
  result?: string;
  /** A run of one's own whose inputs and seed fill the form. */
  run?: string;
  /** The output that goes into the first image input. */
  image?: string;
}

export function pipelineSearch(raw: Raw): PipelineSearch {
  const version = Number(raw.version);
  return present<PipelineSearch>({
    version: Number.isInteger(version) && version > 0 ? version : undefined,
    result: text(raw.result),
    run: text(raw.run),
    image: text(raw.image),
  });
}

/** Where to go after signing in; only a path of this site. */
export function signSearch(raw: Raw): { next?: string } {
  const next = text(raw.next);
  // A browser reads `//host` and `/\\host` as another site.
  return next && /^\/(?![/\\])/.test(next) ? { next } : {};
}
