/** A kind's params as form fields: its JSON Schema, narrowed by the limits of a model and begun with its defaults. */
import type { Kind, Model } from "@/api/types";

export interface ParamField {
  name: string;
  title: string;
  /** `words` and `image` may hold references; the others are plain values. */
  control: "words" | "image" | "number" | "flag" | "choice" | "line";
  required: boolean;
  whole: boolean;
  min?: number;
  max?: number;
  step?: number;
  choices?: string[];
  start: unknown;
}

type Json = Record<string, unknown>;

/** The fields of a kind for one model, in the schema's order, without those that have no effect on it. */
export function fieldsOf(kind: Kind, model: Model | undefined): ParamField[] {
  const schema = kind.params as Json;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries((schema.properties ?? {}) as Record<string, Json>)
    .map(([name, property]) => ({
      name,
      title: typeof property.title === "string" ? property.title : name,
      control: controlOf(property),
      required: required.includes(name),
      whole: property.type === "integer",
      ...rangeOf(property, limitOf(model, name)),
      ...(Array.isArray(property.enum) ? { choices: property.enum.map(String) } : {}),
      start: startOf(name, property, model),
    }))
    .filter((field) => field.control !== "words" || field.max !== 0);
}

/** The params to go on with under another kind or model: what fits stays, the rest starts from the defaults. */
export function paramsFor(kind: Kind, model: Model, old: Json): Json {
  return Object.fromEntries(
    fieldsOf(kind, model).map((field) => [
      field.name,
      fits(field, old[field.name]) ? old[field.name] : field.start,
    ]),
  );
}

function fits(field: ParamField, value: unknown): boolean {
  if (value === undefined) return false;
  if (field.control !== "number") return typeof value === typeof field.start;
  return typeof value === "number" && value >= (field.min ?? value) && value <= (field.max ?? value);
}

function controlOf(property: Json): ParamField["control"] {
  if (property["x-template"] === "image") return "image";
  if (property["x-template"]) return "words";
  if (property.type === "integer" || property.type === "number") return "number";
  if (property.type === "boolean") return "flag";
  return Array.isArray(property.enum) ? "choice" : "line";
}

function startOf(name: string, property: Json, model: Model | undefined): unknown {
  const own = (model?.defaults as Json | undefined)?.[name];
  return own ?? property.default ?? (controlOf(property) === "number" ? 0 : "");
}

function limitOf(model: Model | undefined, name: string): Json {
  return ((model?.limits as Json | undefined)?.[name] ?? {}) as Json;
}

function rangeOf(property: Json, limit: Json): Pick<ParamField, "min" | "max" | "step"> {
  const min = tightest(Math.max, [property.minimum, property.exclusiveMinimum, limit.minimum]);
  const max = tightest(Math.min, [property.maximum, property.exclusiveMaximum, limit.maximum]);
  const step = typeof property.multipleOf === "number" ? property.multipleOf : undefined;
  return {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(step === undefined ? {} : { step }),
  };
}

function tightest(pick: (...values: number[]) => number, bounds: unknown[]): number | undefined {
  const numbers = bounds.filter((bound) => typeof bound === "number");
  return numbers.length > 0 ? pick(...numbers) : undefined;
}
