/** Pipelines, their versions, remixes and ratings. */
import {
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answerOf, client } from "./client";
import type { Pipeline, PipelineFilters, Spec, Visibility } from "./types";

export const pipelineKeys = {
  all: ["pipelines"] as const,
  list: (filters: PipelineFilters) => ["pipelines", "list", filters] as const,
  one: (id: string) => ["pipelines", "one", id] as const,
  versions: (id: string) => ["pipelines", "one", id, "versions"] as const,
  version: (id: string, number: number) => ["pipelines", "one", id, "versions", number] as const,
};

export function usePipelines(filters: PipelineFilters, { enabled = true, limit = 30 } = {}) {
  return useInfiniteQuery({
    queryKey: pipelineKeys.list(filters),
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        client.GET("/api/v1/pipelines", {
          params: { query: { ...filters, limit, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    enabled,
    staleTime: 30_000,
  });
}

const pipelineQuery = (id: string) =>
  queryOptions({
    queryKey: pipelineKeys.one(id),
    queryFn: ({ signal }) =>
      answerOf(client.GET("/api/v1/pipelines/{id}", { params: { path: { id } }, signal })),
    staleTime: 15_000,
  });

export function usePipeline(id: string) {
  return useQuery(pipelineQuery(id));
}

/** Those of these pipelines whose latest version takes a picture; undefined until all are known. */
export function useTakingPictures(ids: readonly string[]): Pipeline[] | undefined {
  return useQueries({
    queries: ids.map(pipelineQuery),
    combine: (answers) => {
      if (answers.some((answer) => answer.isPending)) return undefined;
      const known = answers.flatMap((answer) => answer.data ?? []);
      return known.filter((pipeline) => pipeline.version.spec.inputs.some((input) => input.type === "image"));
    },
  });
}

export function useVersions(id: string) {
  return useQuery({
    queryKey: pipelineKeys.versions(id),
    queryFn: async ({ signal }) =>
      (await answerOf(client.GET("/api/v1/pipelines/{id}/versions", { params: { path: { id } }, signal })))
        .items,
  });
}

/** One version; versions never change, so it is fetched once. */
export function useVersion(id: string, number: number, { enabled = true } = {}) {
  return useQuery({
    queryKey: pipelineKeys.version(id, number),
    queryFn: ({ signal }) =>
      answerOf(
        client.GET("/api/v1/pipelines/{id}/versions/{number}", { params: { path: { id, number } }, signal }),
      ),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface PipelineDraft {
  title: string;
  description: string;
  tags: string[];
  /** Absent: as the API has it by default, which is private for guests. */
  visibility?: Visibility;
}

export function useCreatePipeline() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: PipelineDraft & { spec: Spec }) =>
      answerOf(client.POST("/api/v1/pipelines", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: pipelineKeys.all }),
  });
}

export function useDescribePipeline(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<PipelineDraft>) =>
      answerOf(client.PATCH("/api/v1/pipelines/{id}", { params: { path: { id } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: pipelineKeys.all }),
  });
}

export function useSaveVersion(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ spec, note }: { spec: Spec; note: string }) =>
      answerOf(
        client.POST("/api/v1/pipelines/{id}/versions", {
          params: { path: { id } },
          body: note ? { spec, note } : { spec },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: pipelineKeys.all }),
  });
}

export function useDeletePipeline(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(client.DELETE("/api/v1/pipelines/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["pipelines", "list"] }),
  });
}

export function useRemix(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: number) =>
      answerOf(client.POST("/api/v1/pipelines/{id}/remix", { params: { path: { id } }, body: { version } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: pipelineKeys.all }),
  });
}

/** Gives 1 to 5 stars, or takes the rating back with null. */
export function useRate(id: string) {
  const queries = useQueryClient();
  return useMutation({
    // One after another: by arrow keys the stars change faster than the answers come.
    scope: { id: `rating ${id}` },
    mutationFn: async (stars: number | null) => {
      const params = { path: { id } };
      if (stars === null) await answerOf(client.DELETE("/api/v1/pipelines/{id}/rating", { params }));
      else await answerOf(client.PUT("/api/v1/pipelines/{id}/rating", { params, body: { stars } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: pipelineKeys.one(id), exact: true }),
  });
}
