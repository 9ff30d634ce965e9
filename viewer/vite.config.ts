import { defineConfig } from "vite";

import { adapted } from "./build/adapted";

// One entry a page kind; templates name them: {% asset "upload.ts" %}.
const entries = ["site.ts", "upload.ts", "stack.ts", "desk.ts", "reading.ts", "held.ts"];

export default defineConfig({
  root: "src",
  base: "/static/build/",
  publicDir: false,
  plugins: [adapted()],
  worker: { format: "es" },
  build: {
    outDir: "../../static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    // the policy allows no data: address, so nothing is inlined
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ["chrome109", "firefox115", "safari16"],
    rolldownOptions: { input: entries.map((entry) => `src/${entry}`), checks: { bundlerTimings: false } },
  },
  css: {
    preprocessorOptions: {
      scss: { quietDeps: true, loadPaths: ["node_modules"] },
    },
  },
});
