import "./styles/stack.scss";

import { required } from "./elements";
import { startStack } from "./stack/controller";
import { readSeries } from "./stack/series";
import { buildView } from "./stack/view";

for (const root of document.querySelectorAll<HTMLElement>(".app-stack")) {
  const json = required(root, 'script[type="application/json"]', HTMLScriptElement);
  const series = readSeries(JSON.parse(json.textContent));
  if (series.length === 0) continue;
  // the server's own figure stays where this script cannot run
  root.querySelector(".app-stack__fallback")?.remove();
  startStack(root, buildView(root, series), series);
}
