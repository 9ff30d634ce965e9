import "./styles/stack.scss";
import "./styles/annotations.scss";

import { startShowing } from "./annotations/showing";
import { required } from "./elements";
import { startStack } from "./stack/controller";
import { readSeries } from "./stack/series";
import type { Stack } from "./stack/stack";
import { buildView } from "./stack/view";

for (const root of document.querySelectorAll<HTMLElement>(".app-stack")) {
  const json = required(root, 'script[type="application/json"]', HTMLScriptElement);
  const series = readSeries(JSON.parse(json.textContent));
  if (series.length === 0) continue;
  // the server's own figure stays where this script cannot run
  root.querySelector(".app-stack__fallback")?.remove();
  const started = startStack(root, buildView(root, series), series);
  void showDrawings(started);
  void placeFindings(started);
}

/** What is drawn on the images, where the page has an address for it; only who may draw loads how. */
async function showDrawings(stack: Stack): Promise<void> {
  const { annotationsRoot, annotationsWrite, annotationsCsrf } = stack.root.dataset;
  if (!annotationsRoot) return;
  const mayWrite = annotationsWrite === "true";
  const showing = startShowing(stack, annotationsRoot, mayWrite);
  if (mayWrite) {
    const { startDrawing } = await import("./annotations/drawing");
    startDrawing(showing, annotationsRoot, annotationsCsrf ?? "");
  }
  await showing.load();
}

/** Who reads the case places the findings of the form; only that page loads how. */
async function placeFindings(stack: Stack): Promise<void> {
  const form = document.querySelector<HTMLElement>("form[data-reading]");
  if (!form) return;
  // it knows the slice on screen from the first one that is drawn
  const showing = startShowing(stack, "", true);
  const { startPlacing } = await import("./findings/placing");
  startPlacing(showing, form);
}
