/** Brings the places that the API names in a refused spec to the fields of the editor. */
import { fieldProblems } from "@/api/problems";

export type Faults = Record<string, string>;

/** Messages by field, such as `steps.0.params.prompt`, `inputs.1.name` or `title`. */
export function faultsOf(error: unknown): Faults {
  return Object.fromEntries(
    Object.entries(fieldProblems(error)).map(([field, message]) => [field.replace(/^spec\./, ""), message]),
  );
}

/** The faults under one part, with the part's own name taken off. */
export function under(faults: Faults, part: string): Faults {
  const start = `${part}.`;
  return Object.fromEntries(
    Object.entries(faults).flatMap(([field, message]) =>
      field.startsWith(start) ? [[field.slice(start.length), message]] : [],
    ),
  );
}
