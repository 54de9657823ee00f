/** One result in the gallery: its picture, or its text as a card to read, with title, author and rating. */
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { ResultSummary } from "@/api/types";
import { Picture } from "@/ui/Picture";
import { StarsShown } from "@/ui/Stars";
import styles from "./ResultTile.module.css";

/** Pixels under the picture for title, author and rating. */
export const CAPTION = 58;

const TEXT_ASPECT = 1.35;

export function aspectOf(result: ResultSummary): number {
  return result.cover?.type === "image" ? result.cover.width / result.cover.height : TEXT_ASPECT;
}

interface ResultTileProps {
  result: ResultSummary;
  width: number;
  height: number;
}

export const ResultTile = memo(function ResultTile({ result, width, height }: ResultTileProps) {
  const { rating } = result.pipeline;
  return (
    <article className={styles.tile} style={{ width, height: height + CAPTION }}>
      <Link to="/results/$id" params={{ id: result.id }} className={styles.link}>
        <span className={styles.cover} style={{ height }}>
          <Cover result={result} />
        </span>
        <span className={styles.title}>{result.title}</span>
      </Link>
      <span className={styles.meta}>
        {result.author && (
          <Link to="/authors/$handle" params={{ handle: result.author.handle }}>
            {result.author.handle}
          </Link>
        )}
        {rating && rating.count > 0 && <StarsShown average={rating.average} count={rating.count} />}
      </span>
    </article>
  );
});

function Cover({ result }: { result: ResultSummary }) {
  const { cover } = result;
  if (cover?.type !== "image") return <span className={styles.text}>{result.excerpt}</span>;
  return (
    <Picture
      src={cover.thumb_url}
      alt={result.excerpt}
      width={cover.width}
      height={cover.height}
      thumbhash={cover.thumbhash}
    />
  );
}
