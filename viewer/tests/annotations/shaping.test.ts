import { describe, expect, test } from "vitest";

import { TOOLS } from "../../src/annotations/annotation";
import { dragged, inMiddle, inside, isTooSmall, shifted, withHandle } from "../../src/annotations/shaping";
import type { Pair } from "../../src/stack/projection";

const SIZE = { columns: 64, rows: 48 };

describe("what a drag draws", () => {
  test("an arrow is pulled away from what it points at, its head", () => {
    expect(dragged("arrow", [10, 10], [30, 20])).toEqual([[30, 20], [10, 10]]);
  });

  test("an ellipse has the ends of its longer axis first", () => {
    expect(dragged("ellipse", [10, 10], [14, 30])).toEqual([[12, 10], [12, 30], [10, 20], [14, 20]]);
  });

  test("a rectangle ends where it begins", () => {
    const pairs = dragged("rectangle", [1, 2], [5, 8]);
    expect(pairs).toHaveLength(5);
    expect(pairs[4]).toEqual(pairs[0]);
  });

  test("nothing leaves the image, and a press without a drag draws nothing but words", () => {
    expect(inside([-3, 99.1234], SIZE)).toEqual([0, 48]);
    expect(isTooSmall("length", dragged("length", [3, 3], [3.2, 3]))).toBe(true);
    expect(isTooSmall("rectangle", dragged("rectangle", [3, 3], [30, 3]))).toBe(true);
    expect(isTooSmall("text", dragged("text", [3, 3], [3, 3]))).toBe(false);
  });
});

describe("what stands in the middle for who draws by numbers", () => {
  test.each(TOOLS)("a %s lies inside the image and is large enough", (tool) => {
    const pairs = inMiddle(tool, SIZE);
    expect(pairs.map((pair) => inside(pair, SIZE))).toEqual(pairs);
    expect(isTooSmall(tool, pairs)).toBe(false);
  });
});

describe("a drawing taken hold of", () => {
  test("a corner of a rectangle leaves the opposite one where it is", () => {
    const pairs = withHandle("rectangle", dragged("rectangle", [1, 2], [5, 8]), 2, [9, 9]);
    expect(pairs).toContainEqual([1, 2]);
    expect(pairs).toContainEqual([9, 9]);
    expect(pairs[4]).toEqual(pairs[0]);
  });

  test("the first corner of a polygon stays its last", () => {
    const outline: Pair[] = [[1, 1], [5, 1], [3, 6], [1, 1]];
    expect(withHandle("polygon", outline, 0, [0, 2])).toEqual([[0, 2], [5, 1], [3, 6], [0, 2]]);
  });

  test("an ellipse's axes stay upright to each other, the longer first", () => {
    const ellipse = dragged("ellipse", [10, 10], [30, 20]);
    for (const changed of [withHandle("ellipse", ellipse, 0, [12, 22]), withHandle("ellipse", ellipse, 3, [20, 40])]) {
      const [a, b, c, d] = changed as [Pair, Pair, Pair, Pair];
      expect((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])).toBeCloseTo(0, 9);
      expect(Math.hypot(b[0] - a[0], b[1] - a[1])).toBeGreaterThanOrEqual(Math.hypot(d[0] - c[0], d[1] - c[1]));
      expect([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]).toEqual([(c[0] + d[0]) / 2, (c[1] + d[1]) / 2].map((value) => expect.closeTo(value, 9) as number));
    }
  });

  test("the whole is moved as far as the image goes, and keeps its shape", () => {
    expect(shifted([[10, 10], [20, 12]], [100, -4], SIZE)).toEqual([[54, 6], [64, 8]]);
  });
});
