/** Which rows are near the screen. Heights are known beforehand, so nothing has to be measured while scrolling. */
import { useEffect, useState } from "react";
import { rowsBetween } from "./rows";

/** Pixels above and below the screen in which rows exist already. */
const MARGIN = 900;

/** First and last (exclusive) row to draw, for a list that begins `top` pixels down the page. */
export function useRowsInView(offsets: readonly number[], top: number): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  useEffect(() => {
    const look = () => {
      const from = window.scrollY - top;
      const next = rowsBetween(offsets, from - MARGIN, from + window.innerHeight + MARGIN);
      setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [offsets, top]);
  return range;
}
