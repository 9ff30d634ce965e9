import type { Pair, Projection } from "../stack/projection";
import type { Tool } from "./annotation";
import { dragged, inside, isTooSmall, shifted, withHandle } from "./shaping";

/** What drawing by pointer needs of the page it is on. */
export interface Page {
  viewport: HTMLElement;
  svg: SVGSVGElement;
  projection(): Projection | null;
  tool(): Tool | null;
  /** What is drawn while the button is down; null when it is over. */
  preview(tool: Tool, pairs: readonly Pair[] | null): void;
  drawn(tool: Tool, pairs: Pair[]): void;
  /** The tool and places of what was taken hold of; null when it may not be. */
  grasp(id: string): { tool: Tool; pairs: readonly Pair[] } | null;
  move(id: string, pairs: readonly Pair[], isOver: boolean): void;
}

type Gesture = (to: Pair, isOver: boolean) => void;

/** Presses, drags and clicks over the picture; the corners of a polygon are clicked, one after another. */
export function listenToDrawing(page: Page): { cancel: () => boolean } {
  const { viewport, svg } = page;
  let gesture: Gesture | null = null;
  let corners: Pair[] = [];

  const at = (event: PointerEvent): Pair | null => {
    const projection = page.projection();
    const box = viewport.getBoundingClientRect();
    return projection && inside(projection.toImage([event.clientX - box.left, event.clientY - box.top]), projection);
  };

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    const from = at(event);
    if (!from) return;
    // the stack would scroll, and the browser select text
    event.stopPropagation();
    event.preventDefault();
    viewport.focus({ preventScroll: true });
    const tool = page.tool();
    if (tool === "polygon") addCorner(from);
    else gesture = tool ? drawing(page, tool, from) : held(page, event.target as Element, from);
    if (gesture) svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    const to = at(event);
    if (!to) return;
    if (gesture) gesture(to, false);
    else if (corners.length > 0) page.preview("polygon", [...corners, to]);
  });
  const end = (event: PointerEvent): void => {
    const to = at(event);
    if (gesture && to) gesture(to, true);
    gesture = null;
  };
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
  svg.addEventListener("dblclick", close);
  viewport.addEventListener(
    "keydown",
    (event) => {
      if (corners.length === 0) return;
      if (event.key === "Enter") close();
      else if (event.key === "Escape") cancel();
      else if (event.key === "Backspace") takeCorner();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );

  function addCorner(corner: Pair): void {
    const first = corners[0];
    if (first && corners.length > 2 && isNear(page, first, corner)) {
      close();
      return;
    }
    corners.push(corner);
    page.preview("polygon", corners.length > 1 ? corners : [corner, corner]);
  }

  function takeCorner(): void {
    corners.pop();
    page.preview("polygon", corners.length > 0 ? [...corners, corners.at(-1) as Pair] : null);
  }

  function close(): void {
    // a double click leaves its place twice
    const distinct = corners.filter((corner, place) => place === 0 || !isNear(page, corners[place - 1] as Pair, corner));
    const outline = [...distinct, distinct[0] as Pair];
    if (distinct.length < 3 || isTooSmall("polygon", outline)) return;
    corners = [];
    page.preview("polygon", null);
    page.drawn("polygon", outline);
  }

  function cancel(): boolean {
    const wasBusy = corners.length > 0 || gesture !== null;
    corners = [];
    gesture = null;
    if (wasBusy) page.preview("polygon", null);
    return wasBusy;
  }

  return { cancel };
}

function drawing(page: Page, tool: Tool, from: Pair): Gesture {
  return (to, isOver) => {
    const pairs = dragged(tool, from, to);
    page.preview(tool, isOver ? null : pairs);
    if (isOver && !isTooSmall(tool, pairs)) page.drawn(tool, pairs);
  };
}

/** A handle moves its point, any other part the whole. */
function held(page: Page, target: Element, from: Pair): Gesture | null {
  const id = target.closest("[data-drawing]")?.getAttribute("data-drawing");
  const taken = id ? page.grasp(id) : null;
  if (!id || !taken) return null;
  const handle = target.getAttribute("data-handle");
  let wasMoved = false;
  return (to, isOver) => {
    const projection = page.projection();
    wasMoved ||= to[0] !== from[0] || to[1] !== from[1];
    if (!projection || !wasMoved) return;
    const pairs = handle === null
      ? shifted(taken.pairs, [to[0] - from[0], to[1] - from[1]], projection)
      : withHandle(taken.tool, taken.pairs, Number(handle), to).map((pair) => inside(pair, projection));
    page.move(id, pairs, isOver);
  };
}

const NEAR = 8; // CSS pixels

function isNear(page: Page, one: Pair, other: Pair): boolean {
  const projection = page.projection();
  if (!projection) return false;
  const [a, b] = [projection.toElement(one), projection.toElement(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1]) < NEAR;
}
