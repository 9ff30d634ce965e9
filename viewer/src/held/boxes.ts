/** A rectangle in whole pixels of the picture, from its upper left corner. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  columns: number;
  rows: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Where a pointer is in the picture, in pixels; outside it, at its edge. */
export function inPicture(pointer: Point, shown: DOMRectReadOnly, size: Size): Point {
  const x = ((pointer.x - shown.left) / shown.width) * size.columns;
  const y = ((pointer.y - shown.top) / shown.height) * size.rows;
  return { x: within(x, 0, size.columns), y: within(y, 0, size.rows) };
}

/** The pixels that a stroke from one point to another touches. */
export function between(one: Point, other: Point): Box {
  const x = Math.floor(Math.min(one.x, other.x));
  const y = Math.floor(Math.min(one.y, other.y));
  return {
    x,
    y,
    width: Math.ceil(Math.max(one.x, other.x)) - x,
    height: Math.ceil(Math.max(one.y, other.y)) - y,
  };
}

export function moved(box: Box, by: Point, size: Size): Box {
  return {
    ...box,
    x: within(Math.round(box.x + by.x), 0, Math.max(size.columns - box.width, 0)),
    y: within(Math.round(box.y + by.y), 0, Math.max(size.rows - box.height, 0)),
  };
}

export function resized(box: Box, by: Point, size: Size): Box {
  return {
    ...box,
    width: within(Math.round(box.width + by.x), 1, Math.max(size.columns - box.x, 1)),
    height: within(Math.round(box.height + by.y), 1, Math.max(size.rows - box.y, 1)),
  };
}

/** What a key does to a chosen rectangle: a new one, "remove", or nothing. */
export function afterKey(key: string, isShifted: boolean, box: Box, size: Size): Box | "remove" | null {
  if (key === "Delete" || key === "Backspace") return "remove";
  const step = STEPS[key];
  if (!step) return null;
  return isShifted ? resized(box, step, size) : moved(box, step, size);
}

const STEPS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
