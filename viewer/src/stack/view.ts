import { element } from "../elements";
import { byStudy } from "./hanging";
import type { Series } from "./series";
import { PRESETS, WINDOWS, type WindowName } from "./windows";

/** The elements of one stack; what happens to them is in controller.ts. */
export interface View {
  viewport: HTMLElement;
  /** Holds whatever draws the images, named as one image. */
  picture: HTMLElement;
  cover: HTMLElement;
  coverWords: HTMLElement;
  tryAgain: HTMLButtonElement;
  slider: HTMLInputElement;
  position: HTMLElement;
  loading: HTMLElement;
  bar: HTMLProgressElement;
  spoken: HTMLElement;
  seriesButtons: HTMLButtonElement[];
  windowButtons: Map<WindowName, HTMLButtonElement>;
  invert: HTMLButtonElement;
  reset: HTMLButtonElement;
  fullScreen: HTMLButtonElement;
  /** Puts another series beside; hidden where there is none. */
  beside: HTMLButtonElement;
  /** Holds the picture with its slider, and another series beside. */
  panes: HTMLElement;
  copy: HTMLButtonElement;
  copied: HTMLElement;
  toolbar: HTMLElement;
  /** What is under the pointer, in words. */
  readout: HTMLOutputElement;
  help: HTMLDetailsElement;
}

export function buildView(root: HTMLElement, series: readonly Series[]): View {
  const names = { slider: uniqueId("slice"), keys: uniqueId("keys") };
  const [list, seriesButtons] = seriesList(series);
  const picture = buildPicture(names.keys);
  const windowButtons = buildWindowButtons();
  const invert = toolButton("Invert", "i");
  invert.setAttribute("aria-pressed", "false");
  const reset = toolButton("Reset", "r");
  const fullScreen = toolButton("Full screen", "f");
  const beside = toolButton("Series beside", "c");
  beside.setAttribute("aria-pressed", "false");
  beside.hidden = series.length < 2;
  const copy = toolButton("Copy link to this slice", "");
  const copied = element("span", { className: "app-stack__copied" });
  copied.setAttribute("role", "status");
  const image = group("Image", [invert, reset, fullScreen, beside, copy]);
  image.classList.add("app-stack__group--image");
  const toolbar = element(
    "div",
    { className: "app-stack__tools" },
    group("Window", [...windowButtons.values()]),
    image,
    copied,
  );
  const slider = element("input", { type: "range", className: "app-stack__slider", id: names.slider });
  slider.min = "1";
  slider.step = "1";
  const position = element("output", { className: "app-stack__position app-numeric" });
  position.htmlFor.add(names.slider);
  const loading = element("span", { className: "app-stack__loading app-numeric" });
  const bar = element("progress", { className: "app-stack__bar", max: 1 });
  bar.setAttribute("aria-label", "Images loaded");
  const spoken = element("p", { className: "nhsuk-u-visually-hidden" });
  spoken.setAttribute("role", "status");
  const label = element("label", { className: "nhsuk-u-visually-hidden", htmlFor: names.slider }, "Slice");
  const foot = element("div", { className: "app-stack__foot" }, position, loading, label, slider, bar);
  const readout = element("output", { className: "app-stack__readout app-numeric" });
  position.after(readout);
  const help = keysHelp(names.keys);
  const pane = element("div", { className: "app-stack__pane" }, picture.viewport, foot);
  const panes = element("div", { className: "app-stack__panes" }, pane);
  const stage = element("div", { className: "app-stack__stage" }, panes, help);
  const body = element("div", { className: "app-stack__body" }, ...(series.length > 1 ? [list] : []), stage);
  root.append(toolbar, body, spoken);
  const parts = { slider, position, loading, bar, spoken, seriesButtons, windowButtons };
  return { ...picture, ...parts, invert, reset, fullScreen, beside, panes, copy, copied, toolbar, readout, help };
}

let made = 0;

function uniqueId(name: string): string {
  made += 1;
  return `app-stack-${name}-${made}`;
}

function buildPicture(keysId: string): Pick<View, "viewport" | "picture" | "cover" | "coverWords" | "tryAgain"> {
  const picture = element("div", { className: "app-stack__picture" });
  picture.setAttribute("role", "img");
  const coverWords = element("p");
  const tryAgain = element("button", { type: "button", className: "app-stack__button", hidden: true }, "Try again");
  const cover = element("div", { className: "app-stack__cover" }, coverWords, tryAgain);
  const viewport = element("div", { className: "app-stack__viewport", tabIndex: 0 }, picture, cover);
  viewport.setAttribute("role", "group");
  viewport.setAttribute("aria-label", "Images");
  viewport.setAttribute("aria-describedby", keysId);
  return { viewport, picture, cover, coverWords, tryAgain };
}

export function toolButton(name: string, key: string): HTMLButtonElement {
  const button = element("button", { type: "button", className: "app-stack__button" }, name);
  if (key) button.setAttribute("aria-keyshortcuts", key);
  return button;
}

function buildWindowButtons(): Map<WindowName, HTMLButtonElement> {
  return new Map(
    WINDOWS.map((name, index) => {
      const button = toolButton(PRESETS[name].label, String(index + 1));
      button.dataset["windowName"] = name;
      return [name, button];
    }),
  );
}

export interface Choice {
  element: HTMLElement;
  select: HTMLSelectElement;
}

/** One of several, by a list that opens, with its name before it. */
export function choice(name: string, options: readonly (readonly [value: string, words: string])[]): Choice {
  const select = element("select", { className: "app-stack__select", id: uniqueId("choice") });
  select.append(...options.map(([value, words]) => element("option", { value }, words)));
  const label = element("label", { htmlFor: select.id }, name);
  return { select, element: element("div", { className: "app-stack__choice" }, label, select) };
}

export function group(name: string, buttons: HTMLButtonElement[]): HTMLElement {
  const made = element("div", { className: "app-stack__group" }, ...buttons);
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", name);
  return made;
}

function seriesList(series: readonly Series[]): [HTMLElement, HTMLButtonElement[]] {
  const buttons: HTMLButtonElement[] = [];
  const list = element("div", { className: "app-stack__list" });
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Series");
  for (const study of byStudy(series)) {
    const entries = element("ul", { className: "app-stack__entries" });
    const heading = element("p", { className: "app-stack__study", id: uniqueId("study") }, study.label);
    if (study.label) entries.setAttribute("aria-labelledby", heading.id);
    for (const index of study.series) {
      const button = seriesButton(series[index] as Series);
      buttons[index] = button;
      entries.append(element("li", {}, button));
    }
    list.append(element("div", { className: "app-stack__of-study" }, ...(study.label ? [heading] : []), entries));
  }
  return [list, buttons];
}

function seriesButton(series: Series): HTMLButtonElement {
  const count = series.images.length;
  const words = element(
    "span",
    { className: "app-stack__words" },
    element("span", { className: "app-stack__label" }, series.label),
    element("span", { className: "app-stack__count" }, `${series.modality}, ${count} ${count === 1 ? "image" : "images"}`),
  );
  const button = element("button", { type: "button", className: "app-stack__series" });
  if (series.thumbnailUrl) {
    const picture = element("img", { alt: "", width: 64, height: 64, className: "app-stack__thumbnail" });
    picture.loading = "lazy";
    picture.src = series.thumbnailUrl;
    button.append(picture);
  }
  button.append(words);
  return button;
}

export type KeyWords = readonly (readonly [keys: string, effect: string])[];

const KEYS: KeyWords = [
  ["Arrow keys", "previous and next slice"],
  ["Page Up, Page Down", "ten slices back and on"],
  ["Home, End", "first and last slice"],
  ["1 to 6", "lung, mediastinum, bone, soft tissue, pulmonary embolism, as stored"],
  ["[ and ]", "previous and next series"],
  ["C", "another series beside, and away again"],
  ["K", "two series: scroll together, or each on its own"],
  ["I, R, F", "invert, reset, full screen"],
  ["?", "this list"],
];

export function keyRows(keys: KeyWords): HTMLElement[] {
  return keys.map(([names, effect]) => element("div", {}, element("dt", {}, names), element("dd", {}, effect)));
}

function keysHelp(id: string): HTMLDetailsElement {
  const list = element("dl", { className: "app-stack__keys" }, ...keyRows(KEYS));
  const sentence = element("p", { id }, "The keys work while the image has the focus.");
  return element("details", { className: "app-stack__help" }, element("summary", {}, "Keys"), sentence, list);
}
