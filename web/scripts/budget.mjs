// Measures what the first page loads, gzipped, against its budget: the entry, all that it imports, and one catalogue.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = resolve(import.meta.dirname, "../dist");
const BUDGET_KB = { js: 130, css: 10 };

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
const files = new Set(["theme.js"]);
collect("index.html");
collect("src/i18n/ru.po");

const kb = { js: 0, css: 0 };
for (const file of files)
  kb[file.split(".").at(-1)] += gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length / 1024;
for (const [kind, limit] of Object.entries(BUDGET_KB)) {
  const line = `first page ${kind}: ${kb[kind].toFixed(1)} KB gzipped (budget ${limit})`;
  if (kb[kind] > limit) process.exitCode = 1;
  console.log(kb[kind] > limit ? `OVER: ${line}` : line);
}
writeFileSync(join(DIST, ".vite/budget.json"), JSON.stringify({ "web.js_kb": kb.js, "web.css_kb": kb.css }));

function collect(name) {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) collect(next);
}
