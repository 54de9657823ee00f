import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.ATELIER_API ?? "http://localhost:8000";
// The API compares Origin with the site as the browser sees it, so the proxy keeps the Host header.
const proxied = { target: api, changeOrigin: false };

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [react(), lingui({ macroTransform: true, failOnMissing: true })],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // light-dark() as written; older targets would turn it into variables that cost CSS.
    target: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    manifest: true,
    // Says how long plugins took whenever the machine is busy.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { host: "127.0.0.1", proxy: { "/api": proxied, "/media": proxied } },
  test: {
    environment: "jsdom",
    // One jsdom per worker instead of one per file: half of the time.
    pool: "vmThreads",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    testTimeout: 60_000,
  },
});
