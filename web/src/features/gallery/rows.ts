/** Lays items of any shape into full-width rows of equal height; it knows nothing of what is drawn in them. */

export interface Row {
  /** Index of the row's first item. */
  start: number;
  /** Width of each item in pixels, in order. */
  widths: number[];
  /** Height that all items of the row share, in pixels. */
  height: number;
}

interface Shape {
  /** Width available to a row, in pixels. */
  width: number;
  /** Height that a row should have, in pixels; a full row comes out at this or a little less. */
  height: number;
  /** Space between two items, in pixels. */
  gap: number;
}

const NARROWEST = 0.6;
const WIDEST = 2.2;

/** The rows for items of these aspects (width over height). The last row keeps the wanted height and may stay short. */
export function justify(aspects: readonly number[], shape: Shape): Row[] {
  if (shape.width <= 0) return [];
  const rows: Row[] = [];
  let start = 0;
  let sum = 0;
  aspects.forEach((aspect, index) => {
    sum += clamp(aspect);
    const gaps = (index - start) * shape.gap;
    if (sum * shape.height + gaps < shape.width) return;
    rows.push(row(aspects, start, index + 1, (shape.width - gaps) / sum));
    start = index + 1;
    sum = 0;
  });
  if (start < aspects.length) {
    const gaps = (aspects.length - start - 1) * shape.gap;
    rows.push(row(aspects, start, aspects.length, Math.min(shape.height, (shape.width - gaps) / sum)));
  }
  return rows;
}

function row(aspects: readonly number[], start: number, end: number, height: number): Row {
  return { start, height, widths: aspects.slice(start, end).map((aspect) => clamp(aspect) * height) };
}

/** A panorama or a ribbon would leave its neighbours no room; it is cropped instead. */
function clamp(aspect: number): number {
  return Number.isFinite(aspect) ? Math.min(WIDEST, Math.max(NARROWEST, aspect)) : 1;
}

/** Where each row begins, in pixels, and after them where the last one ends; `extra` is added below every row. */
export function offsetsOf(rows: readonly Row[], extra: number): number[] {
  const offsets = [0];
  for (const { height } of rows) offsets.push((offsets.at(-1) ?? 0) + height + extra);
  return offsets;
}

/** First and last (exclusive) row that touches the stretch between two heights. */
export function rowsBetween(offsets: readonly number[], from: number, to: number): [number, number] {
  const count = offsets.length - 1;
  const first = Math.max(0, Math.min(count, firstAbove(offsets, from) - 1));
  return [first, Math.max(first, Math.min(count, firstAbove(offsets, to)))];
}

/** Index of the first offset greater than the height, by halving: the list may be long and scrolling is frequent. */
function firstAbove(offsets: readonly number[], height: number): number {
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) > height) high = middle;
    else low = middle + 1;
  }
  return low;
}
