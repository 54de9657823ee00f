// Import directions: routes → features → ui | api | i18n, and no feature knows another. Names each import that breaks them.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const SRC = resolve(import.meta.dirname, "../src");
const MAY_USE = {
  routes: ["routes", "features", "ui", "api", "i18n"],
  features: ["features", "ui", "api", "i18n"],
  ui: ["ui", "i18n"],
  api: ["api"],
  i18n: ["i18n"],
};

const files = readdirSync(SRC, { recursive: true }).filter(
  (name) => /\.tsx?$/.test(name) && name.includes("/"),
);
const wrong = files.flatMap((file) => importsOf(file).flatMap((target) => complaint(file, target)));
for (const line of wrong) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;

function importsOf(file) {
  const text = readFileSync(join(SRC, file), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]);
  return found.flatMap((name) => {
    if (name.startsWith("@/")) return [name.slice(2)];
    return name.startsWith(".") ? [relative(SRC, resolve(SRC, dirname(file), name))] : [];
  });
}

function complaint(file, target) {
  const [zone, feature] = file.split("/");
  const [targetZone, targetFeature] = target.split("/");
  if (!MAY_USE[zone]?.includes(targetZone)) return [`${file}: ${zone} may not import ${target}`];
  if (zone === "features" && targetZone === "features" && feature !== targetFeature)
    return [`${file}: feature ${feature} may not import ${target}`];
  return [];
}
