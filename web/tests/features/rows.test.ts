/** The gallery's rows: full width, equal height, and only those that are near the screen. */
import { describe, expect, it } from "vitest";
import { justify, offsetsOf, rowsBetween } from "@/features/gallery/rows";

const SHAPE = { width: 1000, height: 200, gap: 10 };

function usedWidth(widths: number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + (widths.length - 1) * SHAPE.gap;
}

describe("justified rows", () => {
  it("fill the width to the pixel, whatever the shapes", () => {
    const aspects = Array.from({ length: 97 }, (_, index) => 0.5 + ((index * 37) % 19) / 10);
    const rows = justify(aspects, SHAPE);
    for (const row of rows.slice(0, -1)) expect(usedWidth(row.widths)).toBeCloseTo(SHAPE.width, 6);
  });

  it("hold every item once and in order", () => {
    const rows = justify(
      Array.from({ length: 50 }, () => 1),
      SHAPE,
    );
    expect(rows.map((row) => row.start)).toEqual(
      rows.map((_, index) => rows.slice(0, index).flatMap((row) => row.widths).length),
    );
    expect(rows.flatMap((row) => row.widths)).toHaveLength(50);
  });

  it("never grow above the wanted height", () => {
    for (const row of justify([1, 1, 1, 1, 1, 2.2, 0.6, 1], SHAPE))
      expect(row.height).toBeLessThanOrEqual(200);
  });

  it("leave the last row at the wanted height instead of blowing it up", () => {
    expect(justify([1], SHAPE)).toEqual([{ start: 0, height: 200, widths: [200] }]);
  });

  it("crop panoramas and broken shapes instead of giving them a row", () => {
    const [row] = justify([50, Number.NaN], { ...SHAPE, width: 5000 });
    expect(row?.widths.map(Math.round)).toEqual([440, 200]);
  });

  it("are none while the width is unknown", () => {
    expect(justify([1, 1], { ...SHAPE, width: 0 })).toEqual([]);
  });
});

describe("rows near the screen", () => {
  const offsets = offsetsOf(
    Array.from({ length: 1000 }, (_, start) => ({ start, widths: [1], height: 90 })),
    10,
  );

  it("are those that touch the stretch", () => {
    expect(rowsBetween(offsets, 250, 520)).toEqual([2, 6]);
  });

  it("begin with the first above the top and end with the last below the end", () => {
    expect(rowsBetween(offsets, -900, 50)).toEqual([0, 1]);
    expect(rowsBetween(offsets, 99_950, 200_000)).toEqual([999, 1000]);
    expect(rowsBetween(offsets, 300_000, 400_000)).toEqual([1000, 1000]);
  });

  it("are none in an empty list", () => {
    expect(rowsBetween(offsetsOf([], 10), -900, 900)).toEqual([0, 0]);
  });
});
