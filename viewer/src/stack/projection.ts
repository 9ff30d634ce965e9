/** A column and a row of the image, not whole: (0, 0) is the outer corner of the first pixel (PS3.3 C.18.6). */
export type Pair = readonly [column: number, row: number];
/** CSS pixels from the left top of the element. */
export type Point = readonly [x: number, y: number];

/** How an image lies in the element that shows it. */
export interface Projection {
  columns: number;
  rows: number;
  /** Distance of rows, then of columns, in mm. */
  pixelSpacing: readonly [number, number] | null;
  toElement(pair: Pair): Point;
  toImage(point: Point): Pair;
}

// the engine's index counts from the centre of the first pixel, SCOORD from its outer corner
const HALF = 0.5;

/** The engine's continuous index of a place. */
export const indexOf = ([column, row]: Pair): Pair => [column - HALF, row - HALF];

/** The place of the engine's continuous index. */
export const pairOf = ([column, row]: Pair): Pair => [column + HALF, row + HALF];

/** The projection that `place` makes, which must keep straight lines straight. */
export function projectionOf(
  size: Pick<Projection, "columns" | "rows" | "pixelSpacing">,
  place: (pair: Pair) => Point,
): Projection | null {
  const { columns, rows } = size;
  const [x, y] = place([0, 0]);
  const [right, down] = [place([columns, 0]), place([0, rows])];
  const [a, b] = [(right[0] - x) / columns, (right[1] - y) / columns];
  const [c, d] = [(down[0] - x) / rows, (down[1] - y) / rows];
  const area = a * d - b * c;
  // an element without size shows nothing
  if (!Number.isFinite(area) || area === 0) return null;
  return {
    ...size,
    toElement: ([column, row]) => [x + a * column + c * row, y + b * column + d * row],
    toImage: ([left, top]) => {
      const [across, along] = [left - x, top - y];
      return [(d * across - c * along) / area, (a * along - b * across) / area];
    },
  };
}

/** Where an image lies that is fitted into the middle of a box, as `object-fit: contain` does. */
export function containedIn(
  width: number,
  height: number,
  size: Pick<Projection, "columns" | "rows" | "pixelSpacing">,
): Projection | null {
  const [rowSpacing, columnSpacing] = size.pixelSpacing ?? [1, 1];
  const [wide, high] = [size.columns * columnSpacing, size.rows * rowSpacing];
  const scale = Math.min(width / wide, height / high);
  const [x, y] = [(width - wide * scale) / 2, (height - high * scale) / 2];
  return projectionOf(size, ([column, row]) => [x + column * columnSpacing * scale, y + row * rowSpacing * scale]);
}
