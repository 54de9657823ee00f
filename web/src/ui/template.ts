/** Reads prompt templates as the contract does: `{{name}}` is a reference, `{{{{` a literal `{{`. */

export type TemplatePart = { text: string } | { name: string };

const PART = /\{\{\{\{|\{\{([a-z][a-z0-9_]{0,31})\}\}/g;

/** The parts in order. A `{{` that is neither stays text: refusing it is the API's part, which names the place. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  let text = "";
  for (const match of template.matchAll(PART)) {
    text += template.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[1] === undefined) {
      text += "{{";
      continue;
    }
    if (text) parts.push({ text });
    text = "";
    parts.push({ name: match[1] });
  }
  text += template.slice(at);
  if (text) parts.push({ text });
  return parts;
}

/** The names that a template refers to, each once. */
export function referencesOf(template: string): string[] {
  const names = parseTemplate(template).flatMap((part) => ("name" in part ? [part.name] : []));
  return [...new Set(names)];
}

/** The template with one name replaced by another wherever it is referred to. */
export function renameReference(template: string, from: string, to: string): string {
  return template.replace(PART, (whole, name) => (name === from ? `{{${to}}}` : whole));
}
