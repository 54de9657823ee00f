/** Starts a run and goes to watch it; a visitor is asked for an account first. */
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { type RunRequest, useStartRun } from "@/api/runs";
import { useAccountGate } from "@/ui/accountGate";

export function useRunFlow() {
  const ask = useAccountGate();
  const start = useStartRun();
  const navigate = useNavigate();
  const last = useRef({ body: "", key: "" });

  /** Pressing again after an answer got lost must not start a second run: same request, same key. */
  const keyFor = (request: RunRequest) => {
    const body = JSON.stringify(request);
    if (body !== last.current.body) last.current = { body, key: randomKey() };
    return last.current.key;
  };

  const begin = (request: RunRequest) =>
    ask(() =>
      start.mutate(
        { request, key: keyFor(request) },
        {
          onSuccess: (run) => {
            last.current = { body: "", key: "" };
            void navigate({ to: "/runs/$id", params: { id: run.id } });
          },
        },
      ),
    );
  return { begin, busy: start.isPending, error: start.error };
}

/** `crypto.randomUUID` exists only on https and localhost; this works everywhere. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
