import type { Pair, Point, Projection } from "../stack/projection";
import type { Tool } from "./annotation";

/** How one drawing looks in the element: an SVG path, and where its words stand. */
export interface Shape {
  path: string;
  label: Point;
}

const HEAD = 14; // CSS pixels
const HEAD_ANGLE = Math.PI / 7;
const TICK = 6;
const DOT = 3;
// how far the handles of a cubic curve reach for a quarter of a circle
const QUARTER = (4 / 3) * (Math.SQRT2 - 1);

export function shapeOf(tool: Tool, pairs: readonly Pair[], projection: Projection): Shape {
  const points = pairs.map((pair) => projection.toElement(pair));
  if (tool === "ellipse") return ellipse(points);
  if (tool === "arrow") return arrow(points[0] as Point, points[1] as Point);
  if (tool === "length") return ruler(points[0] as Point, points[1] as Point);
  if (tool === "text") return dot(points[0] as Point);
  return { path: lines(points), label: rightmost(points) };
}

function arrow(tail: Point, head: Point): Shape {
  const angle = Math.atan2(tail[1] - head[1], tail[0] - head[0]);
  const wing = (turn: number): Point => [head[0] + HEAD * Math.cos(angle + turn), head[1] + HEAD * Math.sin(angle + turn)];
  return { path: `${lines([tail, head])}${lines([wing(HEAD_ANGLE), head, wing(-HEAD_ANGLE)])}`, label: tail };
}

function ruler(from: Point, to: Point): Shape {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const across: Point = [(-(to[1] - from[1]) / length) * TICK, ((to[0] - from[0]) / length) * TICK];
  const tick = (at: Point): string => lines([moved(at, across), moved(at, across, -1)]);
  return { path: `${lines([from, to])}${tick(from)}${tick(to)}`, label: rightmost([from, to]) };
}

function dot([x, y]: Point): Shape {
  return { path: lines([[x - DOT, y], [x + DOT, y]]) + lines([[x, y - DOT], [x, y + DOT]]), label: [x, y] };
}

/** Ends of the major axis, ends of the minor one; what a projection makes of them is an ellipse still. */
function ellipse(points: readonly Point[]): Shape {
  const [a, b, c, d] = points as [Point, Point, Point, Point];
  const centre: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const u: Point = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
  const v: Point = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2];
  const at = (alongU: number, alongV: number): Point => moved(moved(centre, u, alongU), v, alongV);
  const k = QUARTER;
  const curve = (...to: Point[]): string => `C${to.map(written).join(" ")}`;
  const path =
    `M${written(at(1, 0))}` +
    curve(at(1, k), at(k, 1), at(0, 1)) +
    curve(at(-k, 1), at(-1, k), at(-1, 0)) +
    curve(at(-1, -k), at(-k, -1), at(0, -1)) +
    curve(at(k, -1), at(1, -k), at(1, 0));
  return { path: `${path}Z`, label: rightmost(points) };
}

function moved(point: Point, way: Point, times = 1): Point {
  return [point[0] + way[0] * times, point[1] + way[1] * times];
}

function rightmost(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point[0] > best[0] ? point : best));
}

function lines(points: readonly Point[]): string {
  return `M${points.map(written).join("L")}`;
}

const written = ([x, y]: Point): string => `${x.toFixed(2)} ${y.toFixed(2)}`;

/** "12.3 mm" along a line of the image, or in pixels where the image tells no distances. */
export function lengthWords(pairs: readonly Pair[], spacing: Projection["pixelSpacing"]): string {
  const [[fromColumn, fromRow], [toColumn, toRow]] = pairs as [Pair, Pair];
  const [rowSpacing, columnSpacing] = spacing ?? [1, 1];
  const length = Math.hypot((toColumn - fromColumn) * columnSpacing, (toRow - fromRow) * rowSpacing);
  return `${length.toFixed(1)} ${spacing ? "mm" : "pixels"}`;
}
