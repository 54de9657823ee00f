/** The page of one run, live. */
import { useLingui } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { usePipeline, useVersion } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import { useRun } from "@/api/runs";
import type { Run } from "@/api/types";
import { RunActions } from "@/features/run/RunActions";
import { RunView } from "@/features/run/RunView";
import { useRunFlow } from "@/features/run-form/useRunFlow";
import { Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/runs/$id")({ component: RunPage });
const route = getRouteApi("/runs/$id");

function RunPage() {
  const { t } = useLingui();
  const { id } = route.useParams();
  const { data: run, error, refetch } = useRun(id);
  usePageTitle(t`Run`);
  if (error && !run) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  if (!run) return <Loading />;
  return <Shown key={run.id} run={run} />;
}

function Shown({ run }: { run: Run }) {
  const { data: pipeline } = usePipeline(run.pipeline);
  const version = useVersion(run.pipeline, run.version);
  const flow = useRunFlow();
  const again = () => flow.begin({ pipeline: run.pipeline, version: run.version, inputs: run.inputs });
  return (
    <RunView
      run={run}
      title={pipeline?.title}
      inputs={version.data?.spec.inputs}
      actions={<RunActions run={run} title={pipeline?.title} onAgain={again} again={flow} />}
    />
  );
}
