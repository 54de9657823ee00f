/** The order in which params are shown: what matters most to beginners first, whatever order they come in. */

const ORDER = [
  "image",
  "strength",
  "factor",
  "count",
  "guidance",
  "denoise_steps",
  "width",
  "height",
  "temperature",
  "top_p",
  "max_tokens",
];

export function inOrder<T>(params: Record<string, T>): [string, T][] {
  return Object.entries(params).sort(([a], [b]) => placeOf(a) - placeOf(b));
}

function placeOf(param: string): number {
  const place = ORDER.indexOf(param);
  return place < 0 ? ORDER.length : place;
}
