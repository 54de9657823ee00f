/** The typed client over the generated paths, and the one place where a refusal becomes an ApiProblem. */
import createClient from "openapi-fetch";
import { ApiProblem, toProblem } from "./problem";
import type { paths } from "./schema";

export const client = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that a test may replace the global.
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; throws ApiProblem otherwise (`offline` when nothing answered). */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const answer = await call.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiProblem(0, "offline", "");
  });
  if (!answer.response.ok) throw toProblem(answer.response.status, answer.error);
  return answer.data as T;
}

/** True when asking again later may help: nothing answered, or the server was at fault. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof ApiProblem) || error.status === 0 || error.status >= 500;
}
