/** The page of one pipeline: what it does, a form to run it, its versions and results. */
import { Trans } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMe } from "@/api/accounts";
import { usePipeline, useVersion } from "@/api/pipelines";
import { isNotHere, problemMessage } from "@/api/problems";
import { useResult } from "@/api/results";
import { useRun } from "@/api/runs";
import type { Pipeline, Spec } from "@/api/types";
import { Gallery } from "@/features/gallery/Gallery";
import { PipelineHead } from "@/features/pipelines/PipelineHead";
import styles from "@/features/pipelines/Pipelines.module.css";
import { SpecSteps } from "@/features/pipelines/SpecSteps";
import { Versions } from "@/features/pipelines/Versions";
import { RatePipeline } from "@/features/rating/RatePipeline";
import { RemixButton } from "@/features/remix/RemixButton";
import { imageUrls } from "@/features/result/showcase";
import type { Prefill } from "@/features/run-form/form";
import { RunForm } from "@/features/run-form/RunForm";
import { LinkButton } from "@/ui/Button";
import { Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/pipelines/$id")({ component: PipelinePage });
const route = getRouteApi("/pipelines/$id");

function PipelinePage() {
  const { id } = route.useParams();
  const { version } = route.useSearch();
  const { data: pipeline, error, refetch } = usePipeline(id);
  const number = version ?? pipeline?.version.number ?? 0;
  const latest = pipeline?.version.number === number;
  const hidden = isNotHere(error) && version !== undefined;
  const old = useVersion(id, number, { enabled: hidden || (pipeline !== undefined && !latest) });
  usePageTitle(pipeline?.title);
  if (hidden && old.data) return <OutOfSight id={id} number={number} spec={old.data.spec} />;
  const trouble = old.error ?? (hidden ? null : error);
  if (trouble) return <Failure message={problemMessage(trouble)} onRetry={() => void refetch()} />;
  const spec = latest ? pipeline?.version.spec : old.data?.spec;
  if (!pipeline || !spec) return <Loading />;
  return <Shown pipeline={pipeline} number={number} spec={spec} />;
}

/** A version that a result or a remix still shows, of a pipeline that was deleted or is private. */
function OutOfSight({ id, number, spec }: { id: string; number: number; spec: Spec }) {
  return (
    <>
      <div className={styles.head}>
        <h1>
          <Trans>Version {number}</Trans>
        </h1>
        <p className={styles.lead}>
          <Trans>Its author took the pipeline out of sight. Remix this version to run it as your own.</Trans>
        </p>
        <div className={styles.buttons}>
          <RemixButton pipeline={id} version={number} />
        </div>
      </div>
      <SpecSteps spec={spec} />
    </>
  );
}

function Shown({ pipeline, number, spec }: { pipeline: Pipeline; number: number; spec: Spec }) {
  const { data: me } = useMe();
  const own = Boolean(me?.handle) && me?.handle === pipeline.author?.handle;
  return (
    <>
      <PipelineHead pipeline={pipeline} rating={<RatePipeline pipelineId={pipeline.id} />}>
        <RemixButton pipeline={pipeline.id} version={number} />
        {own && (
          <LinkButton to="/pipelines/$id/edit" params={{ id: pipeline.id }}>
            <Trans>Edit</Trans>
          </LinkButton>
        )}
      </PipelineHead>
      <div className={styles.columns}>
        <section>
          <h2>
            <Trans>Steps of version {number}</Trans>
          </h2>
          <SpecSteps spec={spec} />
          <h2>
            <Trans>Versions</Trans>
          </h2>
          <Versions pipeline={pipeline.id} shown={number} />
        </section>
        <section className={styles.panel}>
          <h2>
            <Trans>Run it</Trans>
          </h2>
          <PrefilledForm pipeline={pipeline.id} number={number} spec={spec} />
        </section>
      </div>
      <section className={styles.section}>
        <h2>
          <Trans>Results</Trans>
        </h2>
        <Gallery filters={{ pipeline: pipeline.id }} empty={<NoResults />} />
      </section>
    </>
  );
}

function NoResults() {
  return (
    <p className={styles.soft}>
      <Trans>Nobody has published a result of it yet. Run it and be the first.</Trans>
    </p>
  );
}

/** The run form, filled from the result or run that the address names once that is here. */
function PrefilledForm({ pipeline, number, spec }: { pipeline: string; number: number; spec: Spec }) {
  const search = route.useSearch();
  const result = useResult(search.result ?? "", { enabled: Boolean(search.result) });
  const run = useRun(search.run ?? "", { enabled: Boolean(search.run) });
  if ((search.result && result.isPending) || (search.run && run.isPending)) return <Loading />;
  const source = run.data ?? result.data;
  const urls = imageUrls(source?.tasks.flatMap((task) => task.outputs) ?? []);
  const prefill: Prefill = { urls };
  if (search.image) {
    const url = urls[search.image];
    prefill.image = url ? { id: search.image, url } : { id: search.image };
  } else if (source) {
    prefill.inputs = source.inputs;
    prefill.seed = source.seed;
  }
  return (
    <RunForm
      key={`${number} ${search.result} ${search.run} ${search.image}`}
      pipeline={pipeline}
      version={number}
      spec={spec}
      prefill={prefill}
    />
  );
}
