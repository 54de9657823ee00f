/** Brings the places that the API names in a refused spec to the fields of the editor. */
import { ApiProblem } from "@/api/problem";

export type Faults = Record<string, string>;

// The API's place may begin with body or spec, and carry the tag of a union (`steps.0.image.params`).
const PREFIX = /^(?:body\.)?(?:spec\.)?/;
const TAG = /^((?:steps|inputs)\.\d+)\.(?:text|image|edit|caption|upscale)\.(?=.)/;

/** Messages by field, such as `steps.0.params.prompt`, `inputs.1.name` or `title`. */
export function faultsOf(error: unknown): Faults {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(error.faults.map((fault) => [fieldOf(fault.loc), fault.msg]));
}

function fieldOf(loc: string): string {
  return loc.replace(PREFIX, "").replace(TAG, "$1.");
}

/** The faults under one part, with the part's own name taken off. */
export function under(faults: Faults, part: string): Faults {
  const start = `${part}.`;
  return Object.fromEntries(
    Object.entries(faults).flatMap(([field, msg]) =>
      field.startsWith(start) ? [[field.slice(start.length), msg]] : [],
    ),
  );
}
