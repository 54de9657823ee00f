/** The caller's account and session: who is signed in, and the ways in and out. */
import { type Query, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, client } from "./client";
import { ApiProblem } from "./problem";
import type { Account } from "./types";

export const accountKeys = {
  me: ["me"] as const,
  profile: (handle: string) => ["accounts", handle] as const,
};

const meQuery = queryOptions({
  queryKey: accountKeys.me,
  queryFn: async (): Promise<Account | null> => {
    try {
      return await answerOf(client.GET("/api/v1/me"));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** A guest may run things, but neither publish nor rate. */
export function isGuest(account: Account): boolean {
  return account.guest;
}

/** The signed-in account; `data` is null for a visitor without a session. */
export function useMe() {
  return useQuery(meQuery);
}

export function useProfile(handle: string) {
  return useQuery({
    queryKey: accountKeys.profile(handle),
    queryFn: ({ signal }) =>
      answerOf(client.GET("/api/v1/accounts/{handle}", { params: { path: { handle } }, signal })),
  });
}

/** Another identity sees other things: all is fetched again, and nothing is left behind by who leaves. */
function useIdentityChange() {
  const queries = useQueryClient();
  return async (account: Account | null) => {
    queries.setQueryData(accountKeys.me, account);
    const others = { predicate: (query: Query) => query.queryKey[0] !== "me" };
    if (account) return queries.invalidateQueries(others);
    sessionStorage.clear();
    return queries.resetQueries(others);
  };
}

export function useSignIn() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: async (body: { login: string; password: string }) => {
      await answerOf(client.POST("/api/v1/sessions", { body }));
      return answerOf(client.GET("/api/v1/me"));
    },
    onSuccess,
  });
}

export interface Identity {
  handle: string;
  email: string;
  password: string;
}

/** Opens a full account; a guest's own account becomes full instead and so keeps its work. */
export function useSignUp(guest: boolean) {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: (body: Identity) =>
      answerOf(guest ? client.PATCH("/api/v1/me", { body }) : client.POST("/api/v1/accounts", { body })),
    onSuccess,
  });
}

export function useContinueAsGuest() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: () => answerOf(client.POST("/api/v1/accounts/guest")),
    onSuccess,
  });
}

export function useSignOut() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: () => answerOf(client.DELETE("/api/v1/sessions/current")),
    onSuccess: () => onSuccess(null),
  });
}

export function useDescribeMe() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: (about: string) => answerOf(client.PATCH("/api/v1/me", { body: { about } })),
    onSuccess,
  });
}

/** Changes the e-mail, the password, or both; the password in use proves that it is oneself. */
export function useChangeSignIn() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: (body: { email?: string; password?: string; current_password: string }) =>
      answerOf(client.PATCH("/api/v1/me", { body })),
    onSuccess,
  });
}

export function useDeleteMe() {
  const onSuccess = useIdentityChange();
  return useMutation({
    mutationFn: () => answerOf(client.DELETE("/api/v1/me")),
    onSuccess: () => onSuccess(null),
  });
}
