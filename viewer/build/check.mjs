// What Vite built must fetch nothing from another site and set no style as text.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = new URL("../../static/build/", import.meta.url).pathname;
const files = readdirSync(folder, { recursive: true }).map(String).sort();
const problems = [];

const forbidden = {
  ".css": [/url\(\s*["']?(?:https?:)?\/\//i, /url\(\s*["']?data:/i, /@import/i, /frutiger/i],
  ".js": [
    /(?:fetch|import|importScripts|new Worker)\(\s*["'`](?:https?:)?\/\//i,
    /\.setAttribute\(\s*["'`]style["'`]/,
    /\bnew Function\(|\beval\(/,
  ],
};
// names of namespaces and of documentation, never fetched
const harmless = /^https?:\/\/(?:www\.w3\.org|nhsuk\.github\.io|service-manual\.nhs\.uk)\//;
// what the image engine's shaders, colour maps and warnings name
const named = new RegExp(
  "^https?://(?:" +
    [
      "www\\.kitware\\.com/Copyright\\.htm",
      "kitware\\.github\\.io/vtk-js/docs/",
      "github\\.com/(?:BIDS/colormap|dcmjs-org/dcmjs|cornerstonejs/cornerstone3D)",
      "karthikkaranth\\.me/blog/",
      "mimosa-pudica\\.net/",
      "learnopengl\\.com/",
    ].join("|") +
    ")",
);
const ENGINE = /^assets\/(?:canvas|init|measuring|planes)-/;
// what a page with a stack may fetch, every tool and all, over the wire
const STACK_PAGE_BYTES = 1_000_000;
const WORKERS = /^assets\/(?:decoding-worker|charlswasm_decode)-/;
const stackPage = new Set(files.filter((name) => WORKERS.test(name)));
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

function gather(key) {
  const { file, css = [], imports = [], dynamicImports = [] } = manifest[key];
  if (stackPage.has(file)) return;
  for (const name of [file, ...css]) stackPage.add(name);
  for (const other of [...imports, ...dynamicImports]) gather(other);
}

for (const entry of ["site.ts", "stack.ts", "desk.ts", "reading.ts"]) gather(entry);

for (const name of files) {
  const kind = Object.keys(forbidden).find((ending) => name.endsWith(ending));
  if (!kind) continue;
  const text = readFileSync(join(folder, name), "utf8");
  for (const pattern of forbidden[kind]) {
    if (pattern.test(text)) problems.push(`${name} matches ${pattern}`);
  }
  for (const [address] of text.matchAll(/https?:\/\/[^\s"'`)\\]+/g)) {
    if (!harmless.test(address) && !(ENGINE.test(name) && named.test(address))) problems.push(`${name} names another site: ${address}`);
  }
  const zipped = gzipSync(text).length;
  console.log(`${name}  ${(text.length / 1024).toFixed(1)} KiB, ${(zipped / 1024).toFixed(1)} KiB gzip`);
}

const bytes = [...stackPage].reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
console.log(`a page with a stack: ${(bytes / 1000).toFixed(0)} kB gzip`);
if (bytes > STACK_PAGE_BYTES) problems.push(`A page with a stack is larger than ${STACK_PAGE_BYTES} bytes.`);
if (problems.length) {
  console.error(problems.join("\n"));
  process.exit(1);
}
