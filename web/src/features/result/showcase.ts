/** Which outputs of a result stand on top of its page. */
import type { Output, Result } from "@/api/types";

/** The outputs of the last step that made a picture, the cover first; without pictures the last step's texts. */
export function showcaseOf(result: Result): Output[] {
  const made = result.tasks.map((task) => task.outputs).filter((outputs) => outputs.length > 0);
  const pictures = made.filter((outputs) => outputs.some((output) => output.type === "image"));
  const shown = (pictures.length > 0 ? pictures : made).at(-1) ?? [];
  const cover = result.cover?.id;
  return [...shown].sort((a, b) => Number(b.id === cover) - Number(a.id === cover));
}

/** The pictures of the other steps, in order: what led to it, or what it is to be compared with. */
export function alongsideOf(result: Result): Output[] {
  const shown = new Set(showcaseOf(result).map((output) => output.id));
  return result.tasks.flatMap((task) =>
    task.outputs.filter((output) => output.type === "image" && !shown.has(output.id)),
  );
}

/** The picture that goes on when a result is used as the input of something else. */
export function mainImageOf(result: Result): string | undefined {
  return showcaseOf(result).find((output) => output.type === "image")?.id;
}

/** Every picture of a result by its id, so that inputs that name one can show it. */
export function imageUrls(outputs: readonly Output[]): Record<string, string> {
  return Object.fromEntries(
    outputs.flatMap((output) => (output.type === "image" ? [[output.id, output.thumb_url]] : [])),
  );
}
