/** One's own runs: start, watch, cancel, delete. */
import {
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answerOf, client, isPassing } from "./client";
import { toProblem } from "./problem";
import type { Run } from "./types";

export const runKeys = {
  all: ["runs"] as const,
  list: ["runs", "list"] as const,
  one: (id: string) => ["runs", "one", id] as const,
};

export interface RunRequest {
  pipeline: string;
  version?: number;
  inputs: Record<string, string>;
  seed?: number;
}

export function isOver(run: Run): boolean {
  return run.state === "succeeded" || run.state === "failed" || run.state === "cancelled";
}

/** Milliseconds until the next look at a run: often while it works, less often the longer its queue is. */
export function pollDelay(run: Run | undefined): number | false {
  if (run && isOver(run)) return false;
  if (run?.state === "queued" && (run.queue?.position ?? 0) > 3) return 4_000;
  return run?.state === "queued" ? 2_000 : 1_000;
}

const AFTER_TROUBLE_MS = 5_000;
const etags = new Map<string, string>();

/** The run as it stands; an unchanged one (304) costs no body and keeps the object that is shown. */
async function fetchRun(id: string, queries: QueryClient, signal: AbortSignal): Promise<Run> {
  const known = queries.getQueryData<Run>(runKeys.one(id));
  const etag = known && etags.get(id);
  const call = client.GET("/api/v1/runs/{id}", {
    params: { path: { id } },
    ...(etag ? { headers: { "If-None-Match": etag } } : {}),
    signal,
  });
  const { data, error, response } = await call;
  if (response.status === 304 && known) return known;
  if (!response.ok || !data) throw toProblem(response.status, error);
  const tag = response.headers.get("ETag");
  if (tag) etags.set(id, tag);
  return data;
}

/** A run that is polled until it is over. */
export function useRun(id: string, { enabled = true } = {}) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: runKeys.one(id),
    queryFn: ({ signal }) => fetchRun(id, queries, signal),
    refetchInterval: ({ state }) => {
      if (!state.error) return pollDelay(state.data);
      return isPassing(state.error) ? AFTER_TROUBLE_MS : false;
    },
    enabled,
  });
}

export function useRuns({ enabled = true } = {}) {
  return useInfiniteQuery({
    queryKey: runKeys.list,
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        client.GET("/api/v1/runs", {
          params: { query: { limit: 30, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    enabled,
  });
}

/** Starts a run; the key makes a repeated press (or a repeated request) start it once. */
export function useStartRun() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ request, key }: { request: RunRequest; key: string }) =>
      answerOf(client.POST("/api/v1/runs", { body: request, headers: { "Idempotency-Key": key } })),
    onSuccess: (run) => {
      queries.setQueryData(runKeys.one(run.id), run);
      return queries.invalidateQueries({ queryKey: runKeys.list });
    },
  });
}

export function useCancelRun(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(client.POST("/api/v1/runs/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: runKeys.all }),
  });
}

/** Lets a failed run go on from the step that failed. */
export function useResumeRun(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(client.POST("/api/v1/runs/{id}/resume", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: runKeys.all }),
  });
}

export function useDeleteRun(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(client.DELETE("/api/v1/runs/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: runKeys.list }),
  });
}
