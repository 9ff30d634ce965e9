import { readSeries } from "./stack/series";
import { boundSlice } from "./desk/binding";
import { required } from "./elements";
import { startDraft } from "./reading/draft";

/** The drawing that is chosen on this slice; one that was made after the page is a new option. */
function bindDrawing(select: HTMLSelectElement, image: string): void {
  const row = document.querySelector<HTMLElement>(".app-drawings-list__row--chosen [data-annotation]");
  const id = row?.dataset["image"] === image ? row.dataset["annotation"] : undefined;
  if (id && ![...select.options].some(({ value }) => value === id)) {
    select.append(new Option(row?.firstChild?.textContent ?? "", id));
  }
  select.value = id ?? "";
}

/** "Use the image on screen": fills a teaching point's series, image and window. */
const stack = document.querySelector<HTMLScriptElement>("#stack-series");
const keys = document.querySelector<HTMLScriptElement>("#desk-series");
if (stack && keys) {
  const series = readSeries(JSON.parse(stack.textContent));
  const keyOf = JSON.parse(keys.textContent) as Record<string, number>;
  for (const point of document.querySelectorAll<HTMLElement>("[data-point]")) {
    const button = required(point, "[data-use-slice]", HTMLButtonElement);
    button.hidden = false;
    button.addEventListener("click", () => {
      const viewport = document.querySelector<HTMLElement>("[data-shown]");
      const slice = boundSlice(series, keyOf, viewport?.dataset["shown"] ?? "");
      if (!slice) return;
      required(point, "[name$='-series']", HTMLSelectElement).value = String(slice.series);
      required(point, "[name$='-slice']", HTMLInputElement).value = String(slice.place);
      const window = required(point, "[name$='-window']", HTMLSelectElement);
      window.value = viewport?.dataset["window"] ?? window.value;
      bindDrawing(required(point, "[name$='-annotation']", HTMLSelectElement), viewport?.dataset["shown"] ?? "");
      button.dataset["done"] = "true";
      point.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-desk]");
if (form) startDraft(form);
