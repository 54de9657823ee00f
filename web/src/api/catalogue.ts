/** What a step can be: the kinds with the schema of their params, and the models that do them. */
import { useQuery } from "@tanstack/react-query";
import { answerOf, client } from "./client";

const HOUR_MS = 3_600_000;

export const catalogueKeys = { kinds: ["kinds"] as const, models: ["models"] as const };

export function useKinds() {
  return useQuery({
    queryKey: catalogueKeys.kinds,
    queryFn: async ({ signal }) => (await answerOf(client.GET("/api/v1/kinds", { signal }))).items,
    staleTime: HOUR_MS,
  });
}

export function useModels() {
  return useQuery({
    queryKey: catalogueKeys.models,
    queryFn: async ({ signal }) => (await answerOf(client.GET("/api/v1/models", { signal }))).items,
    staleTime: 60_000,
  });
}
