/** API keys of the signed-in account. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, client } from "./client";

const keyKeys = { all: ["keys"] as const };

export function useKeys() {
  return useQuery({
    queryKey: keyKeys.all,
    queryFn: ({ signal }) => answerOf(client.GET("/api/v1/keys", { signal })),
  });
}

/** Makes a key; the answer is the only time that the key itself is shown. */
export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answerOf(client.POST("/api/v1/keys", { body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyKeys.all }),
  });
}

export function useDeleteKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answerOf(client.DELETE("/api/v1/keys/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyKeys.all }),
  });
}
