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

for (const name of files) {
  const kind = Object.keys(forbidden).find((ending) => name.endsWith(ending));
  if (!kind) continue;
  const text = readFileSync(join(folder, name), "utf8");
  for (const pattern of forbidden[kind]) {
    if (pattern.test(text)) problems.push(`${name} matches ${pattern}`);
  }
  for (const [address] of text.matchAll(/https?:\/\/[^\s"'`)\\]+/g)) {
    if (!harmless.test(address)) problems.push(`${name} names another site: ${address}`);
  }
  const zipped = gzipSync(text).length;
  console.log(`${name}  ${(text.length / 1024).toFixed(1)} KiB, ${(zipped / 1024).toFixed(1)} KiB gzip`);
}

if (problems.length) {
  console.error(problems.join("\n"));
  process.exit(1);
}
