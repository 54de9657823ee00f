/** Pipelines under some filters, as cards, continued by a button. */
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { usePipelines } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import type { PipelineFilters } from "@/api/types";
import { Button } from "@/ui/Button";
import { Failure, Loading } from "@/ui/State";
import { PipelineCard } from "./PipelineCard";
import styles from "./Pipelines.module.css";

export function PipelineList({ filters, empty }: { filters: PipelineFilters; empty: ReactNode }) {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    usePipelines(filters);
  if (isPending) return <Loading />;
  if (!data) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  const pipelines = data.pages.flatMap((page) => page.items);
  if (pipelines.length === 0) return empty;
  return (
    <>
      <ul className={styles.list}>
        {pipelines.map((pipeline) => (
          <PipelineCard key={pipeline.id} pipeline={pipeline} />
        ))}
      </ul>
      {error && <p role="alert">{problemMessage(error)}</p>}
      {hasNextPage && (
        <div className={styles.more}>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            <Trans>Show more</Trans>
          </Button>
        </div>
      )}
    </>
  );
}
