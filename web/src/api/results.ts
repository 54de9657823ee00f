/** The gallery and its results; publishing and withdrawing one. */
import {
  infiniteQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answerOf, client } from "./client";
import { runKeys } from "./runs";
import type { ResultFilters } from "./types";

const PAGE = 50;

export const resultKeys = {
  all: ["results"] as const,
  list: (filters: ResultFilters) => ["results", "list", filters] as const,
  one: (id: string) => ["results", "one", id] as const,
};

const galleryQuery = (filters: ResultFilters) =>
  infiniteQueryOptions({
    queryKey: resultKeys.list(filters),
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        client.GET("/api/v1/results", {
          params: { query: { ...filters, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 30_000,
  });

/** The gallery's pages under some filters, to be continued with `fetchNextPage`. */
export function useResults(filters: ResultFilters) {
  return useInfiniteQuery(galleryQuery(filters));
}

export function useResult(id: string, { enabled = true } = {}) {
  return useQuery({
    queryKey: resultKeys.one(id),
    queryFn: ({ signal }) =>
      answerOf(client.GET("/api/v1/results/{id}", { params: { path: { id } }, signal })),
    enabled,
    staleTime: 60_000,
  });
}

export function usePublish(run: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { title?: string; cover?: string }) =>
      answerOf(client.PUT("/api/v1/runs/{id}/result", { params: { path: { id: run } }, body })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: runKeys.all });
      return queries.invalidateQueries({ queryKey: resultKeys.all });
    },
  });
}

export function useWithdraw(run: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(client.DELETE("/api/v1/runs/{id}/result", { params: { path: { id: run } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: runKeys.all });
      return queries.invalidateQueries({ queryKey: resultKeys.all });
    },
  });
}
