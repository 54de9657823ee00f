// Puts Swagger UI beside the page, under names that the API's /api/docs can give: offline it works as well.
import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const TARGET = resolve(import.meta.dirname, "../dist/api-docs");
const source = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

mkdirSync(TARGET, { recursive: true });
for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"]) cpSync(join(source, name), join(TARGET, name));
