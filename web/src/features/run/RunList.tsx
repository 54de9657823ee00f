/** One's own runs, the newest first. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { problemMessage } from "@/api/problems";
import { useRuns } from "@/api/runs";
import type { RunSummary } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Button, LinkButton } from "@/ui/Button";
import { Picture } from "@/ui/Picture";
import { Empty, Failure, Loading } from "@/ui/State";
import styles from "./Run.module.css";
import { useStateNames } from "./useStateNames";

export function RunList() {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useRuns();
  if (isPending) return <Loading />;
  if (!data) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  const runs = data.pages.flatMap((page) => page.items);
  if (runs.length === 0)
    return (
      <Empty title={<Trans>You have not run anything yet</Trans>}>
        <LinkButton to="/pipelines" look="main">
          <Trans>Find a pipeline</Trans>
        </LinkButton>
      </Empty>
    );
  return (
    <>
      <ul className={styles.list}>
        {runs.map((run) => (
          <RunItem key={run.id} run={run} />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          <Trans>Show more</Trans>
        </Button>
      )}
    </>
  );
}

/** A list does not say which inputs are pictures; the ids by which they are named tell. */
const PICTURE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function RunItem({ run }: { run: RunSummary }) {
  const names = useStateNames();
  const format = useFormat();
  const outputs = run.tasks.flatMap((task) => task.outputs);
  const picture = outputs.findLast((output) => output.type === "image");
  const text = outputs.findLast((output) => output.type === "text");
  const words = Object.values(run.inputs).filter((value) => !PICTURE_ID.test(value));
  return (
    <li>
      <Link to="/runs/$id" params={{ id: run.id }} className={styles.item}>
        <span className={styles.thumb}>
          {picture?.type === "image" ? (
            <Picture src={picture.thumb_url} alt="" width={1} height={1} thumbhash={picture.thumbhash} />
          ) : (
            text?.type === "text" && text.text.slice(0, 60)
          )}
        </span>
        <span className={styles.words}>
          <strong>{names[run.state]}</strong>
          <span>{words.join(", ") || run.tasks[0]?.prompt}</span>
        </span>
        <time dateTime={run.created_at} className={styles.soft}>
          {format.ago(run.created_at)}
        </time>
      </Link>
    </li>
  );
}
