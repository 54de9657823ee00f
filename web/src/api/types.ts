/** The API's nouns, named once: everything else takes them from here, never from the generated file. */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type ApiKey = Schemas["Key"];
export type Profile = Schemas["Profile"];
export type Kind = Schemas["Kind"];
export type KindName = Kind["kind"];
export type Model = Schemas["Model"];
export type Spec = Schemas["Spec"];
export type InputSpec = Schemas["InputSpec"];
export type StepSpec = Schemas["StepSpec"];
export type Pipeline = Schemas["Pipeline"];
export type Visibility = Pipeline["visibility"];
export type Version = Schemas["Version"];
export type Rating = Schemas["Rating"];
export type Upload = Schemas["Upload"];
export type Run = Schemas["Run"];
export type RunTask = Schemas["Task"];
export type Result = Schemas["Result"];
export type ResultSummary = Schemas["ResultSummary"];
export type ResultTask = Schemas["ResultTask"];
export type ImageOutput = Schemas["ImageOutput"];
export type TextOutput = Schemas["TextOutput"];
export type Output = ImageOutput | TextOutput;
export type FieldFault = Schemas["FieldError"];

export type ResultFilters = Omit<
  NonNullable<operations["get_results"]["parameters"]["query"]>,
  "cursor" | "limit"
>;
export type PipelineFilters = Omit<
  NonNullable<operations["get_pipelines"]["parameters"]["query"]>,
  "cursor" | "limit"
>;
export type Sort = NonNullable<ResultFilters["sort"]>;
