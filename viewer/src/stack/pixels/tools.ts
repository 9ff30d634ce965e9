import { element } from "../../elements";
import type { PixelAction } from "../keyboard";
import { MODES, type Mode } from "../pointing";
import { choice, group, keyRows, toolButton, type KeyWords, type View } from "../view";
import { PROJECTIONS, projectionName, THICKNESSES, type Projection, type Slab } from "./slabs";

const LABELS: Readonly<Record<Mode, readonly [label: string, key: string]>> = {
  scroll: ["Scroll", "s"],
  window: ["Adjust window", "w"],
  zoom: ["Zoom", "z"],
  move: ["Move", "m"],
  length: ["Length", "l"],
  angle: ["Angle", "a"],
  rectangle: ["Rectangle", "q"],
  ellipse: ["Ellipse", "e"],
  arrow: ["Arrow", "d"],
};

const KEYS: KeyWords = [
  ["S, W, Z, M", "what a drag does: scroll, adjust the window, zoom, move"],
  ["L, A, Q, E", "measure a length, an angle, a rectangle, an ellipse"],
  ["D", "draw an arrow, from its head to its tail"],
  ["Delete", "take the last measurement away"],
  ["+ and -", "zoom in and out"],
  ["Shift and arrows", "move the picture"],
  [", and .", "lower and raise the centre of the window"],
  ["< and >", "narrow and widen the window"],
  ["Right mouse button", "adjusts the window, sideways its width, up and down its centre"],
  ["Middle mouse button", "moves the picture"],
  ["O", "rotate by a quarter"],
  ["H", "mirror left and right"],
  ["Space", "play and stop"],
  ["P", "axial, coronal and sagittal planes, and back"],
  ["B", "planes: single, brightest (MIP) or darkest (MinIP) of a slab"],
  ["T, Y", "planes: thicker and thinner slab"],
];

/** The buttons that only make sense where pixels are drawn here. */
export interface Tools {
  modes: Map<Mode, HTMLButtonElement>;
  play: HTMLButtonElement;
  planes: HTMLButtonElement;
  /** The slab of the planes; null while they are closed. */
  showSlab(slab: Slab | null): void;
  /** What was measured, in words. */
  measurements: HTMLUListElement;
  listen(act: (action: PixelAction) => void, choose: (slab: Slab) => void): void;
  remove(): void;
}

export function buildTools(view: View): Tools {
  const modes = new Map(MODES.map((mode) => [mode, toolButton(...LABELS[mode])]));
  const zoomIn = toolButton("Zoom in", "+");
  const zoomOut = toolButton("Zoom out", "-");
  const rotate = toolButton("Rotate", "o");
  const mirror = toolButton("Mirror", "h");
  const play = toolButton("Play", "Space");
  const planes = toolButton("Three planes", "p");
  planes.setAttribute("aria-pressed", "false");
  const slabs = slabChoice();
  const undo = toolButton("Delete last", "Delete");
  const buttons = [...modes.values()];
  const groups = [
    group("Drag to", buttons.slice(0, 4)),
    group("Measure", [...buttons.slice(4), undo]),
    group("View", [zoomIn, zoomOut, rotate, mirror, play, planes]),
    slabs.group,
  ];
  for (const each of groups) each.classList.add("app-stack__group--pixels");
  const more = moreButton(view.toolbar);
  view.copied.before(more, ...groups);
  const rows = keyRows(KEYS);
  view.help.querySelector("dl")?.append(...rows);
  const measurements = element("ul", { className: "app-stack__measurements" });
  measurements.setAttribute("aria-label", "Measurements on this slice");
  view.help.before(measurements);
  for (const [mode, button] of modes) button.setAttribute("aria-pressed", String(mode === "scroll"));
  return {
    modes,
    play,
    planes,
    showSlab: slabs.show,
    measurements,
    listen(act, choose) {
      const press = (button: HTMLButtonElement, action: PixelAction): void => {
        button.addEventListener("click", () => {
          act(action);
        });
      };
      for (const [mode, button] of modes) press(button, { kind: "mode", mode });
      press(undo, { kind: "undo" });
      press(zoomIn, { kind: "zoom", by: 1.25 });
      press(zoomOut, { kind: "zoom", by: 0.8 });
      press(rotate, { kind: "rotate" });
      press(mirror, { kind: "mirror" });
      press(play, { kind: "play" });
      press(planes, { kind: "planes" });
      slabs.listen(choose);
    },
    remove() {
      for (const made of [more, ...groups, ...rows, measurements]) made.remove();
    },
  };
}

interface SlabChoice {
  group: HTMLElement;
  show: (slab: Slab | null) => void;
  listen(choose: (slab: Slab) => void): void;
}

function slabChoice(): SlabChoice {
  const projection = choice("Planes show", PROJECTIONS.map((name) => [name, projectionName(name)]));
  const thickness = choice("Thickness", THICKNESSES.map((size) => [String(size), `${size} mm`]));
  const made = group("Slab", []);
  made.append(projection.element, thickness.element);
  const show = (slab: Slab | null): void => {
    projection.element.hidden = slab === null;
    thickness.element.hidden = !slab || slab.projection === "plane";
    if (!slab) return;
    projection.select.value = slab.projection;
    thickness.select.value = String(slab.thickness);
  };
  show(null);
  return {
    group: made,
    show,
    listen(choose) {
      for (const { select } of [projection, thickness]) {
        select.addEventListener("change", () => {
          choose({ projection: projection.select.value as Projection, thickness: Number(thickness.select.value) });
        });
      }
    },
  };
}

/** On a narrow page the picture comes before the tools. */
function moreButton(toolbar: HTMLElement): HTMLButtonElement {
  const button = toolButton("More tools", "");
  button.classList.add("app-stack__more");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const isOpen = toolbar.classList.toggle("app-stack__tools--all");
    button.setAttribute("aria-expanded", String(isOpen));
  });
  return button;
}

export function showMode(view: View, tools: Tools, chosen: Mode): void {
  view.viewport.dataset["mode"] = chosen;
  for (const [mode, button] of tools.modes) button.setAttribute("aria-pressed", String(mode === chosen));
}
