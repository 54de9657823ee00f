/** The page of one result. */
import { Trans } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useMe } from "@/api/accounts";
import { usePipeline, useVersion } from "@/api/pipelines";
import { isNotHere, problemMessage } from "@/api/problems";
import { useResult } from "@/api/results";
import type { Result } from "@/api/types";
import { RatePipeline } from "@/features/rating/RatePipeline";
import { RemixButton } from "@/features/remix/RemixButton";
import styles from "@/features/result/Result.module.css";
import { ResultView } from "@/features/result/ResultView";
import { imageUrls, mainImageOf } from "@/features/result/showcase";
import { keptValues } from "@/features/run-form/form";
import { RunForm } from "@/features/run-form/RunForm";
import { useRunFlow } from "@/features/run-form/useRunFlow";
import { Button, LinkButton } from "@/ui/Button";
import { Failure, Loading, Notice } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

const UseAsInput = lazy(async () => ({
  default: (await import("@/features/result/UseAsInput")).UseAsInput,
}));

export const Route = createLazyRoute("/results/$id")({ component: ResultPage });
const route = getRouteApi("/results/$id");

function ResultPage() {
  const { id } = route.useParams();
  const { data: result, error, refetch } = useResult(id);
  const { id: pipeline = "", version = 0 } = result?.pipeline ?? {};
  const made = useVersion(pipeline, version, { enabled: Boolean(result) });
  usePageTitle(result?.title);
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  if (!result) return <Loading />;
  return (
    <ResultView
      result={result}
      inputs={made.data?.spec.inputs}
      rating={<RatePipeline pipelineId={result.pipeline.id} />}
      actions={<Actions key={result.id} result={result} />}
    />
  );
}

function Actions({ result }: { result: Result }) {
  const address = useLocation({ select: (location) => location.href });
  const [open, setOpen] = useState<"words" | "image" | null>(() => (keptValues(address) ? "words" : null));
  const flow = useRunFlow();
  const { data: me } = useMe();
  const { id: pipeline, version } = result.pipeline;
  const runnable = !isNotHere(usePipeline(pipeline).error);
  const image = mainImageOf(result);
  return (
    <div className={styles.actions}>
      <div className={styles.buttons}>
        {runnable && (
          <>
            <Button
              look="main"
              aria-expanded={open === "words"}
              onClick={() => setOpen(open === "words" ? null : "words")}
            >
              <Trans>Change the words</Trans>
            </Button>
            <Button busy={flow.busy} onClick={() => flow.begin({ pipeline, version, inputs: result.inputs })}>
              <Trans>Same words, new seed</Trans>
            </Button>
          </>
        )}
        {image && (
          <Button onClick={() => setOpen("image")}>
            <Trans>Use as the input image</Trans>
          </Button>
        )}
        <RemixButton pipeline={pipeline} version={version} />
        {me && me.handle === result.author?.handle && (
          <LinkButton to="/runs/$id" params={{ id: result.run }}>
            <Trans>To my run</Trans>
          </LinkButton>
        )}
      </div>
      {!runnable && (
        <Notice tone="plain">
          <Trans>Its author took the pipeline out of sight. Remix this version to run it as your own.</Trans>
        </Notice>
      )}
      {flow.error && <Notice tone="bad">{problemMessage(flow.error)}</Notice>}
      {open === "words" && <ChangeWords result={result} />}
      {open === "image" && image && (
        <Suspense>
          <UseAsInput result={result.id} image={image} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </div>
  );
}

function ChangeWords({ result }: { result: Result }) {
  const { id, version } = result.pipeline;
  const { data, error } = useVersion(id, version);
  if (error) return <Notice tone="bad">{problemMessage(error)}</Notice>;
  if (!data) return <Loading />;
  if (!data.spec.inputs?.length)
    return (
      <Notice tone="plain">
        <Trans>This pipeline has no inputs to fill in. Remix it to change its words.</Trans>
      </Notice>
    );
  const urls = imageUrls(result.tasks.flatMap((task) => task.outputs));
  return (
    <div className={styles.panel}>
      <RunForm
        pipeline={id}
        version={version}
        spec={data.spec}
        prefill={{ inputs: result.inputs, seed: result.seed, urls }}
      />
    </div>
  );
}
