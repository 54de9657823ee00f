// Fails when a generated file is out of date: the API client, the catalogues' messages, or a missing translation.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const WEB = resolve(import.meta.dirname, "..");
const CATALOGUES = join(WEB, "src/i18n");
const scratch = mkdtempSync(join(tmpdir(), "atelier-web-"));

try {
  checkClient();
  checkCatalogues();
} finally {
  rmSync(scratch, { recursive: true });
}

function checkClient() {
  const fresh = join(scratch, "schema.d.ts");
  run("openapi-typescript", ["openapi.json", "-o", fresh]);
  if (read(fresh) !== read(join(WEB, "src/api/schema.d.ts")))
    complain("src/api/schema.d.ts is old: npm run generate");
}

/** Extraction writes in place, so the catalogues are put back as they were. */
function checkCatalogues() {
  const names = readdirSync(CATALOGUES).filter((name) => name.endsWith(".po"));
  for (const name of names) cpSync(join(CATALOGUES, name), join(scratch, name));
  run("lingui", ["extract", "--clean"]);
  for (const name of names) {
    const [before, after] = [read(join(scratch, name)), read(join(CATALOGUES, name))];
    cpSync(join(scratch, name), join(CATALOGUES, name));
    if (messages(before) !== messages(after)) complain(`src/i18n/${name} is old: npm run extract`);
    if (/msgstr ""\n(?!")/.test(messages(after))) complain(`src/i18n/${name} lacks translations`);
  }
}

/** A catalogue without its header, whose dates differ at each extraction. */
function messages(text) {
  return text.slice(text.indexOf("\n\n"));
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(WEB, "node_modules/.bin", command), ...args],
    {
      cwd: WEB,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
}

function read(path) {
  return readFileSync(path, "utf8");
}

function complain(line) {
  console.error(line);
  process.exitCode = 1;
}
