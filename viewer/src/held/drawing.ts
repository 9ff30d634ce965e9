import { required } from "../elements";
import { afterKey, between, type Box, inPicture, moved, type Point, resized, type Size } from "./boxes";
import { formRows, frameOf, isEmpty, readBox, type Rows, writeBox } from "./rows";

const SVG = "http://www.w3.org/2000/svg";
// a tap is no rectangle
const LEAST_PIXELS = 3;

interface Desk {
  svg: SVGSVGElement;
  image: SVGImageElement;
  rows: Rows;
  size: Size;
  frame: number;
  say: (words: string) => void;
}

/** Lets a person draw on the picture what the form says in numbers; the form stays the truth. */
export function startDrawing(root: HTMLElement): void {
  const form = required(root, "[data-masks]", HTMLFormElement);
  const svg = required(root, "[data-picture]", SVGSVGElement);
  const said = required(root, "[data-said]", HTMLElement);
  const desk: Desk = {
    svg,
    image: required(svg, "image", SVGImageElement),
    rows: formRows(form),
    size: { columns: Number(root.dataset["columns"]), rows: Number(root.dataset["rows"]) },
    frame: Number(root.dataset["frame"]),
    say: (words) => (said.textContent = words),
  };
  // what can be chosen inside is hidden from those who hear the page while it is one image
  svg.setAttribute("role", "group");
  required(root, "[data-how]", HTMLElement).hidden = false;
  form.addEventListener("input", () => { draw(desk); });
  form.addEventListener("click", (event) => { onButton(desk, event); });
  svg.addEventListener("pointerdown", (event) => { onPointer(desk, event); });
  draw(desk);
}

// --- Showing ------------------------------------------------------------------

function draw(desk: Desk): void {
  const chosen = desk.svg.querySelector<SVGElement>("[data-drawn]:focus")?.dataset["drawn"];
  for (const old of desk.svg.querySelectorAll("[data-drawn], [data-handle]")) old.remove();
  desk.rows.all().forEach((row, place) => {
    const box = readBox(row);
    const frame = frameOf(row);
    const isHere = frame === null || desk.frame === 0 || frame === desk.frame;
    if (box && isHere) desk.svg.append(...shapes(desk, row, place, box));
  });
  if (chosen !== undefined) shapeOf(desk, Number(chosen))?.focus();
}

function shapes(desk: Desk, row: HTMLElement, place: number, box: Box): SVGRectElement[] {
  const name = `Rectangle ${String(place + 1)}`;
  const drawn = rectangle(box, {
    class: "app-held__drawn",
    "data-drawn": String(place),
    tabindex: "0",
    role: "button",
    "aria-label": `${name}: ${words(box)}`,
  });
  drawn.addEventListener("keydown", (event) => {
    const current = readBox(row);
    const after = current && afterKey(event.key, event.shiftKey, current, desk.size);
    if (!after) return;
    event.preventDefault();
    if (after === "remove") {
      remove(desk, row, place);
      return;
    }
    writeBox(row, after);
    draw(desk);
    desk.say(words(after));
  });
  const side = Math.max(desk.size.columns, desk.size.rows) / 40;
  const corner = { x: box.x + box.width - side / 2, y: box.y + box.height - side / 2 };
  const handle = rectangle(
    { ...corner, width: side, height: side },
    { class: "app-held__handle", "data-handle": String(place) },
  );
  return [drawn, handle];
}

function rectangle(box: Box, attributes: Record<string, string>): SVGRectElement {
  const made = document.createElementNS(SVG, "rect");
  const numbers = { x: box.x, y: box.y, width: box.width, height: box.height };
  for (const [name, value] of Object.entries({ ...attributes, ...numbers })) {
    made.setAttribute(name, String(value));
  }
  return made;
}

function shapeOf(desk: Desk, place: number): SVGRectElement | null {
  return desk.svg.querySelector(`[data-drawn="${String(place)}"]`);
}

function words(box: Box): string {
  return `left ${String(box.x)}, top ${String(box.y)}, ${String(box.width)} wide, ${String(box.height)} high`;
}

// --- Buttons ------------------------------------------------------------------

function onButton(desk: Desk, event: Event): void {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  if (button.name === "add") {
    event.preventDefault();
    required(desk.rows.add(null), "input", HTMLInputElement).focus();
  } else if (button.name === "remove") {
    event.preventDefault();
    const place = Number(button.value);
    const row = desk.rows.all()[place];
    if (row) remove(desk, row, place);
  }
}

function remove(desk: Desk, row: HTMLElement, place: number): void {
  desk.rows.remove(row);
  draw(desk);
  desk.say(`Rectangle ${String(place + 1)} is removed.`);
  // the focus goes to what took its place, or to the one before
  const left = desk.rows.all();
  left[Math.min(place, left.length - 1)]?.querySelector("input")?.focus();
}

// --- Pointer: mouse, pen or finger ----------------------------------------------

function onPointer(desk: Desk, event: PointerEvent): void {
  if (event.button !== 0 || !event.isPrimary) return;
  event.preventDefault();
  const target = event.target instanceof SVGElement ? event.target : null;
  const begin = place(desk, event);
  const handled = Number(target?.dataset["handle"] ?? "-1");
  const grabbed = Number(target?.dataset["drawn"] ?? "-1");
  const row = desk.rows.all()[Math.max(handled, grabbed)];
  const before = row ? readBox(row) : null;
  if (row && before) {
    const change = handled >= 0 ? resized : moved;
    follow(desk, event, (now) => {
      writeBox(row, change(before, { x: now.x - begin.x, y: now.y - begin.y }, desk.size));
      draw(desk);
    });
    shapeOf(desk, Math.max(handled, grabbed))?.focus();
    return;
  }
  drawNew(desk, event, begin);
}

function drawNew(desk: Desk, event: PointerEvent, begin: Point): void {
  let row: HTMLElement | null = null;
  follow(desk, event, (now) => {
    const box = between(begin, now);
    if (!row && Math.max(box.width, box.height) < LEAST_PIXELS) return;
    // an empty row is filled before another is made
    row ??= desk.rows.all().find(isEmpty) ?? desk.rows.add(null);
    writeBox(row, { ...box, width: Math.max(box.width, 1), height: Math.max(box.height, 1) });
    draw(desk);
  }, () => {
    if (!row) return;
    shapeOf(desk, desk.rows.all().indexOf(row))?.focus();
  });
}

function follow(desk: Desk, start: PointerEvent, move: (now: Point) => void, end?: () => void): void {
  const { svg } = desk;
  svg.setPointerCapture(start.pointerId);
  const onMove = (event: PointerEvent): void => { move(place(desk, event)); };
  const onEnd = (): void => {
    svg.removeEventListener("pointermove", onMove);
    svg.removeEventListener("pointerup", onEnd);
    svg.removeEventListener("pointercancel", onEnd);
    end?.();
  };
  svg.addEventListener("pointermove", onMove);
  svg.addEventListener("pointerup", onEnd);
  svg.addEventListener("pointercancel", onEnd);
}

function place(desk: Desk, event: PointerEvent): Point {
  return inPicture({ x: event.clientX, y: event.clientY }, desk.image.getBoundingClientRect(), desk.size);
}
