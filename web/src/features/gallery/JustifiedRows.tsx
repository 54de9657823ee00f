/** The gallery's rows; only those near the screen exist in the page, however many results there are. */
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ResultSummary } from "@/api/types";
import styles from "./JustifiedRows.module.css";
import { aspectOf, CAPTION, ResultTile } from "./ResultTile";
import { justify, offsetsOf, type Row } from "./rows";
import { useRowsInView } from "./useRowsInView";

const GAP = 16;
const NARROW = 640;
const ROW_HEIGHT = { narrow: 190, wide: 250 };

interface JustifiedRowsProps {
  results: ResultSummary[];
  /** Called when the last rows come near. */
  onNearEnd: () => void;
}

export function JustifiedRows({ results, onNearEnd }: JustifiedRowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const rows = useMemo(() => {
    const height = width < NARROW ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide;
    return justify(results.map(aspectOf), { width, height, gap: GAP });
  }, [results, width]);
  const offsets = useMemo(() => offsetsOf(rows, CAPTION + GAP), [rows]);
  const [first, end] = useRowsInView(list, offsets);

  useEffect(() => {
    if (rows.length > 0 && end >= rows.length) onNearEnd();
  }, [end, rows.length, onNearEnd]);

  return (
    <div ref={list} className={styles.list} style={{ height: offsets.at(-1) }}>
      {rows.slice(first, end).map((row, index) => (
        <RowShown key={row.start} row={row} results={results} top={offsets[first + index] ?? 0} />
      ))}
    </div>
  );
}

function RowShown({ row, results, top }: { row: Row; results: ResultSummary[]; top: number }) {
  return (
    <div className={styles.row} style={{ transform: `translateY(${top}px)`, gap: GAP }}>
      {row.widths.map((width, offset) => {
        const result = results[row.start + offset];
        return result && <ResultTile key={result.id} result={result} width={width} height={row.height} />;
      })}
    </div>
  );
}

/** Width of an element in whole pixels, kept up to date. */
function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const measure = () => setWidth(Math.floor(node.getBoundingClientRect().width));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
