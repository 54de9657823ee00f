/** The API's nouns, named once: everything else takes them from here, never from the generated file. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Query<Path extends "/api/v1/results" | "/api/v1/pipelines"> = NonNullable<
  paths[Path]["get"]["parameters"]["query"]
>;
type Filters<Path extends "/api/v1/results" | "/api/v1/pipelines"> = {
  [Name in Exclude<keyof Query<Path>, "cursor" | "limit">]?: NonNullable<Query<Path>[Name]>;
};

export type Account = Schemas["Account"];
export type ApiKey = Schemas["Key"];
export type KindName = Schemas["Kind"];
export type Kind = Schemas["KindOut"];
export type Model = Schemas["ModelOut"];
export type Spec = Schemas["Spec"];
export type InputSpec = Spec["inputs"][number];
export type StepSpec = Spec["steps"][number];
export type PipelineSummary = Schemas["PipelineSummary"];
export type Pipeline = Schemas["Pipeline"];
export type Visibility = Pipeline["visibility"];
export type Run = Schemas["Run"];
export type RunSummary = Schemas["RunSummary"];
export type QueuePlace = Schemas["QueuePlace"];
export type RunTask = Run["tasks"][number];
export type ResultSummary = Schemas["ResultSummary"];
export type Result = Schemas["Result"];
export type ResultTask = Schemas["ResultTask"];
export type ImageOutput = Schemas["ImageOutput"];
export type TextOutput = Schemas["TextOutput"];
export type Output = ImageOutput | TextOutput;

export type ResultFilters = Filters<"/api/v1/results">;
export type PipelineFilters = Filters<"/api/v1/pipelines">;
export type Sort = NonNullable<ResultFilters["sort"]>;

/** One field that the API refused, with the rule's limits and names. */
export type Fault = Schemas["Fault"];
export type ProblemCode = Schemas["Problem"]["code"];
