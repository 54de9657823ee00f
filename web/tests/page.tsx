/** Opens a page of the real router; what the API would answer is a table of the test. */
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { vi } from "vitest";
import { routeTree } from "@/router";

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

type Answer = object | null | ((call: Call) => object | Response | null);
/** Answers by `METHOD /path`, without the prefix; null is a 204, an answer with `status` a problem. */
export type Api = Record<string, Answer>;

/** Answers every request from the table, and keeps the calls in order. */
export function anApi(api: Api): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const url = new URL(request.url);
    const text = await request.text();
    const call: Call = {
      method: request.method,
      path: url.pathname.replace("/api/v1", ""),
      query: url.searchParams,
      body: text ? JSON.parse(text) : undefined,
      headers: request.headers,
    };
    calls.push(call);
    const table: Api = { "GET /me": aProblem(401, "not_signed_in"), ...api };
    const answer = table[`${call.method} ${call.path}`];
    return toResponse(typeof answer === "function" ? answer(call) : answer);
  });
  return calls;
}

function toResponse(answer: object | null | undefined): Response {
  if (answer instanceof Response) return answer;
  if (answer === null) return new Response(null, { status: 204 });
  const body = answer ?? aProblem(404, "not_found");
  const status = "code" in body && "status" in body ? Number(body.status) : 200;
  return Response.json(body, { status });
}

export function aProblem(status: number, code: string, more: object = {}): object {
  return { type: `urn:atelier:problem:${code}`, title: code, status, code, detail: "", ...more };
}

export function openPage(path: string, api: Api) {
  const calls = anApi(api);
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: [path] }) });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  return { calls, router };
}
