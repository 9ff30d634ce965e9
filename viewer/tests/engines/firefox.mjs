// Drives Firefox by WebDriver BiDi for the tests in Python: one JSON line asks, one answers.
import process from "node:process";
import { createInterface } from "node:readline";

import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  // without a window there is no WebGL 2
  headless: false,
  defaultViewport: { width: 1280, height: 900 },
  extraPrefsFirefox: { "webgl.force-enabled": true },
});
const page = await browser.newPage();

const acts = {
  open: (address) => page.goto(address, { waitUntil: "load" }),
  evaluate: (expression) => page.evaluate(expression),
  press: (key) => page.keyboard.press(key),
  click: (selector) => page.click(selector),
  async wheel(selector, down) {
    await page.hover(selector);
    await page.mouse.wheel({ deltaY: down });
  },
};

process.stdout.write("{}\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { act, given } = JSON.parse(line);
  let answer;
  try {
    const value = await acts[act](...given);
    answer = act === "evaluate" ? { value } : {};
  } catch (problem) {
    answer = { problem: String(problem) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
