/** Rates a pipeline, or says why one cannot. */
import { Trans } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { isGuest, useMe } from "@/api/accounts";
import { usePipeline, useRate } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import type { Account, Pipeline } from "@/api/types";
import { Button } from "@/ui/Button";
import { StarsInput, StarsShown } from "@/ui/Stars";
import { Notice } from "@/ui/State";
import styles from "./Rating.module.css";

export function RatePipeline({ pipelineId }: { pipelineId: string }) {
  const { data: pipeline } = usePipeline(pipelineId);
  const { data: me } = useMe();
  if (!pipeline || me === undefined) return null;
  const { average, count } = pipeline.rating;
  return (
    <div className={styles.rating}>
      <StarsShown average={average} count={count} />
      <Refusal me={me} pipeline={pipeline} fallback={<Rate pipeline={pipeline} />} />
    </div>
  );
}

function Refusal({
  me,
  pipeline,
  fallback,
}: {
  me: Account | null;
  pipeline: Pipeline;
  fallback: ReactNode;
}) {
  const next = useLocation({ select: (location) => location.href });
  if (!me)
    return (
      <Link to="/sign-in" search={{ next }}>
        <Trans>Sign in to rate</Trans>
      </Link>
    );
  if (isGuest(me))
    return (
      <Link to="/sign-up" search={{ next }}>
        <Trans>Complete your account to rate</Trans>
      </Link>
    );
  if (pipeline.author?.handle === me.handle)
    return (
      <span className={styles.soft}>
        <Trans>your own pipeline</Trans>
      </span>
    );
  return fallback;
}

function Rate({ pipeline }: { pipeline: Pipeline }) {
  const rate = useRate(pipeline.id);
  const mine = pipeline.rating.mine ?? null;
  /** Shown at once: a radio button that waits for an answer would jump back under the finger. */
  const [pressed, setPressed] = useState<number | null>(null);
  const give = (stars: number) => {
    setPressed(stars);
    rate.mutate(stars, { onSettled: () => setPressed(null) });
  };
  return (
    <>
      <StarsInput value={pressed ?? mine} onChange={give} />
      {mine !== null && (
        <Button look="plain" small busy={rate.isPending} onClick={() => rate.mutate(null)}>
          <Trans>Take back</Trans>
        </Button>
      )}
      {rate.isError && <Notice tone="bad">{problemMessage(rate.error)}</Notice>}
    </>
  );
}
