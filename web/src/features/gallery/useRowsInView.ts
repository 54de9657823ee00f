/** Which rows are near the screen. Heights are known beforehand, so no row has to be measured while scrolling. */
import { type RefObject, useEffect, useState } from "react";
import { rowsBetween } from "./rows";

/** Pixels above and below the screen in which rows exist already. */
const MARGIN = 900;

/** First and last (exclusive) row of the list to draw. */
export function useRowsInView(
  list: RefObject<HTMLElement | null>,
  offsets: readonly number[],
): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  useEffect(() => {
    const look = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const next = rowsBetween(offsets, -top - MARGIN, window.innerHeight - top + MARGIN);
      setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    // What stands above the list may grow or shrink without a scroll.
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
      observer.disconnect();
    };
  }, [list, offsets]);
  return range;
}
