import type { Pair, Projection } from "../stack/projection";
import type { Tool } from "./annotation";

type Size = Pick<Projection, "columns" | "rows">;

const LEAST = 1; // pixels: less was no drag

/** Inside the image, to a hundredth of a pixel. */
export function inside([column, row]: Pair, { columns, rows }: Size): Pair {
  const within = (value: number, most: number): number => Math.round(Math.max(0, Math.min(most, value)) * 100) / 100;
  return [within(column, columns), within(row, rows)];
}

/** What a drag from one place to another draws; an arrow is pulled away from what it points at. */
export function dragged(tool: Tool, from: Pair, to: Pair): Pair[] {
  if (tool === "arrow") return [to, from];
  if (tool === "rectangle") return box(from, to);
  if (tool === "ellipse") return ellipseIn(from, to);
  return tool === "text" ? [from] : [from, to];
}

export function isTooSmall(tool: Tool, pairs: readonly Pair[]): boolean {
  if (tool === "text") return false;
  const [across, down] = [0, 1].map((axis) => {
    const values = pairs.map((pair) => pair[axis] as number);
    return Math.max(...values) - Math.min(...values);
  }) as [number, number];
  const isFlat = tool === "rectangle" || tool === "ellipse" || tool === "polygon";
  return isFlat ? Math.min(across, down) < LEAST : Math.hypot(across, down) < LEAST;
}

/** One of each tool in the middle of an image, for who draws by numbers. */
export function inMiddle(tool: Tool, size: Size): Pair[] {
  const [column, row] = [size.columns / 2, size.rows / 2];
  const reach = Math.min(size.columns, size.rows) / 8;
  if (tool === "polygon") {
    const top: Pair = [column, row - reach];
    return [top, [column + reach, row + reach], [column - reach, row + reach], top];
  }
  const from: Pair = tool === "arrow" || tool === "text" ? [column, row] : [column - reach, row - reach / 2];
  const to: Pair = [column + reach, tool === "length" ? row - reach / 2 : row + reach / 2];
  return dragged(tool, from, to);
}

/** The same with one of its handles elsewhere. */
export function withHandle(tool: Tool, pairs: readonly Pair[], at: number, to: Pair): Pair[] {
  if (tool === "rectangle") return box(pairs[(at + 2) % 4] as Pair, to);
  if (tool === "ellipse") return at < 2 ? turned(pairs, at, to) : widened(pairs, to);
  const changed = pairs.map((pair, index) => (index === at ? to : pair));
  if (tool === "polygon" && at === 0) changed[changed.length - 1] = to;
  return changed;
}

/** All of it elsewhere, as far as the image goes. */
export function shifted(pairs: readonly Pair[], by: Pair, size: Size): Pair[] {
  const [across, down] = ([[0, size.columns], [1, size.rows]] as const).map(([axis, most]) => {
    const values = pairs.map((pair) => pair[axis]);
    return Math.max(-Math.min(...values), Math.min(most - Math.max(...values), by[axis]));
  }) as [number, number];
  return pairs.map(([column, row]) => inside([column + across, row + down], size));
}

function box([left, top]: Pair, [right, bottom]: Pair): Pair[] {
  return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];
}

/** Ends of the longer axis first, as PS3.3 C.18.6.1.2 asks. */
function ellipseIn([left, top]: Pair, [right, bottom]: Pair): Pair[] {
  const [column, row] = [(left + right) / 2, (top + bottom) / 2];
  const across: Pair[] = [[left, row], [right, row]];
  const down: Pair[] = [[column, top], [column, bottom]];
  return Math.abs(right - left) >= Math.abs(bottom - top) ? [...across, ...down] : [...down, ...across];
}

const centreOf = (one: Pair, other: Pair): Pair => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
const halfOf = (one: Pair, other: Pair): number => Math.hypot(one[0] - other[0], one[1] - other[1]) / 2;

function turned(pairs: readonly Pair[], at: number, to: Pair): Pair[] {
  const [a, b, c, d] = pairs as [Pair, Pair, Pair, Pair];
  const kept = at === 0 ? b : a;
  return longerFirst(at === 0 ? to : kept, at === 0 ? kept : to, halfOf(c, d));
}

function widened(pairs: readonly Pair[], to: Pair): Pair[] {
  const [a, b] = pairs as [Pair, Pair];
  const [column, row] = centreOf(a, b);
  const half = halfOf(a, b) || 1;
  const across = Math.abs(((to[1] - row) * (b[0] - a[0]) - (to[0] - column) * (b[1] - a[1])) / (2 * half));
  return longerFirst(a, b, across);
}

function longerFirst(one: Pair, other: Pair, across: number): Pair[] {
  const [column, row] = centreOf(one, other);
  const half = halfOf(one, other) || 1;
  const [x, y] = [((other[0] - one[0]) / (2 * half)) * across, ((other[1] - one[1]) / (2 * half)) * across];
  const ends: Pair[] = [[column + y, row - x], [column - y, row + x]];
  return across > half ? [...ends, one, other] : [one, other, ...ends];
}
