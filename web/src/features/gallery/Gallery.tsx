/** Results under some filters, continued for as long as one scrolls; with words for none and for trouble. */
import { Trans } from "@lingui/react/macro";
import { type ReactNode, useCallback, useMemo } from "react";
import { problemMessage } from "@/api/problems";
import { useResults } from "@/api/results";
import type { ResultFilters } from "@/api/types";
import { Button } from "@/ui/Button";
import { Failure, Loading } from "@/ui/State";
import styles from "./Gallery.module.css";
import { JustifiedRows } from "./JustifiedRows";

interface GalleryProps {
  filters: ResultFilters;
  /** What to say when nothing matches. */
  empty: ReactNode;
}

export function Gallery({ filters, empty }: GalleryProps) {
  const query = useResults(filters);
  const { data, error, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const results = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  if (query.isPending) return <Loading />;
  if (!data) return <Failure message={problemMessage(error)} onRetry={() => void query.refetch()} />;
  if (results.length === 0) return empty;
  return (
    <>
      <JustifiedRows results={results} onNearEnd={more} />
      <div className={styles.end}>
        {isFetchingNextPage && <Loading />}
        {isFetchNextPageError && (
          <>
            <p role="alert">{problemMessage(error)}</p>
            <Button onClick={() => void fetchNextPage()}>
              <Trans>Try again</Trans>
            </Button>
          </>
        )}
      </div>
    </>
  );
}
