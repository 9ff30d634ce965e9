import type { Pair, Point, Projection } from "../stack/projection";
import type { Annotation } from "./annotation";
import { lengthWords, shapeOf } from "./shapes";

const SVG = "http://www.w3.org/2000/svg";
const GAP = 8; // CSS pixels between a drawing and its words
const CHARACTER = 9; // CSS pixels at most, on the average of a line
const LINE = 20; // CSS pixels from a drawing to words below it
const HANDLE = 6;

/** How the drawings of the slice on screen look. */
export interface Looks {
  /** The one a teaching point or a person points at. */
  chosen: string | null;
  /** Whether the chosen one shows points to take hold of. */
  hasHandles: boolean;
}

export interface Layer {
  readonly svg: SVGSVGElement;
  show(drawings: readonly Annotation[], projection: Projection, looks: Looks): void;
  hide(): void;
}

/** Draws over the picture, in the element's own pixels; lists and labels say the same in words. */
export function createLayer(viewport: HTMLElement, picture: HTMLElement): Layer {
  const svg = node("svg", { class: "app-drawings", "aria-hidden": "true" });
  picture.after(svg);
  return {
    svg,
    show(drawings, projection, looks) {
      const size = [viewport.clientWidth, viewport.clientHeight] as const;
      svg.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
      svg.replaceChildren(...drawings.map((drawing) => drawn(drawing, projection, looks, size[0])));
    },
    hide() {
      svg.replaceChildren();
    },
  };
}

function drawn(drawing: Annotation, projection: Projection, looks: Looks, width: number): SVGGElement {
  const { path, label } = shapeOf(drawing.tool, drawing.pairs, projection);
  const isChosen = drawing.id === looks.chosen;
  const group = node("g", { class: `app-drawing${isChosen ? " app-drawing--chosen" : ""}`, "data-drawing": drawing.id });
  // a dark line below a light one is seen on lung and on bone
  for (const part of ["casing", "line", "hit"]) group.append(node("path", { class: `app-drawing__${part}`, d: path }));
  const parts = [drawing.text, drawing.tool === "length" ? lengthWords(drawing.pairs, projection.pixelSpacing) : ""];
  const words = parts.filter(Boolean).join(", ");
  const text = node("text", { class: "app-drawing__text", ...besides(label, words.length * CHARACTER, width) });
  text.textContent = words;
  group.append(text);
  if (isChosen && looks.hasHandles) group.append(...handles(drawing.pairs, projection));
  return group;
}

/** Beside the drawing on the side that has room, or from edge to edge below it. */
export function besides([x, y]: Point, length: number, width: number): Readonly<Record<"x" | "y" | "text-anchor", string>> {
  const right = { x: String(x + GAP), y: String(y), "text-anchor": "start" };
  if (x + GAP + length <= width) return right;
  if (x - GAP - length >= 0) return { ...right, x: String(x - GAP), "text-anchor": "end" };
  return { ...right, x: String(GAP), y: String(y + LINE) };
}

function handles(pairs: readonly Pair[], projection: Projection): SVGCircleElement[] {
  const isClosed = pairs.length > 4 && pairs[0]?.[0] === pairs.at(-1)?.[0] && pairs[0]?.[1] === pairs.at(-1)?.[1];
  return pairs.slice(0, isClosed ? -1 : undefined).map((pair, at) => {
    const [x, y] = projection.toElement(pair);
    return node("circle", { class: "app-drawing__handle", "data-handle": String(at), cx: String(x), cy: String(y), r: String(HANDLE) });
  });
}

function node<Name extends keyof SVGElementTagNameMap>(name: Name, attributes: Readonly<Record<string, string>>): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
