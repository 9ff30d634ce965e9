import { expect, test } from "vitest";

import { containedIn, indexOf, pairOf, projectionOf, type Pair, type Point } from "../../src/stack/projection";

const SIZE = { columns: 128, rows: 96, pixelSpacing: [1.4, 0.7] as const };

/** A view with unequal spacing, turned by quarters, zoomed and moved. */
function turned(quarters: number): (pair: Pair) => Point {
  const [cos, sin] = [Math.cos((quarters * Math.PI) / 2), Math.sin((quarters * Math.PI) / 2)];
  return ([column, row]) => {
    const [x, y] = [(column - 64) * 0.7 * 3, (row - 48) * 1.4 * 3];
    return [400 + cos * x - sin * y, 300 + sin * x + cos * y];
  };
}

test("the centre of the first pixel is a half, its outer corner is nought", () => {
  expect(pairOf([0, 0])).toEqual([0.5, 0.5]);
  expect(indexOf([0.5, 0.5])).toEqual([0, 0]);
  expect(indexOf([0, 0])).toEqual([-0.5, -0.5]);
});

test.each([0, 1, 2, 3])("a place comes back through a view turned by %i quarters, pixels not square", (quarters) => {
  const projection = projectionOf(SIZE, turned(quarters));
  for (const pair of [[0, 0], [0.5, 0.5], [13.25, 90.75], [128, 96]] as const) {
    const point = projection?.toElement(pair) ?? [NaN, NaN];
    const wanted = turned(quarters)(pair);
    expect(point[0]).toBeCloseTo(wanted[0], 6);
    expect(point[1]).toBeCloseTo(wanted[1], 6);
    const back = projection?.toImage(point) ?? [NaN, NaN];
    expect(back[0]).toBeCloseTo(pair[0], 6);
    expect(back[1]).toBeCloseTo(pair[1], 6);
  }
});

test("rows of 1.4 mm are twice as high on screen as columns of 0.7 mm are wide", () => {
  const projection = containedIn(1000, 600, SIZE);
  const [x, y] = projection?.toElement([0, 0]) ?? [NaN, NaN];
  const [right, down] = projection?.toElement([1, 1]) ?? [NaN, NaN];
  expect((down - y) / (right - x)).toBeCloseTo(2, 6);
  // 134.4 mm of rows fill the height, 89.6 mm of columns stand in the middle
  expect(y).toBeCloseTo(0, 6);
  expect(x).toBeCloseTo((1000 - (89.6 * 600) / 134.4) / 2, 6);
});

test("an element without size has no projection", () => {
  expect(containedIn(0, 0, SIZE)).toBeNull();
});
