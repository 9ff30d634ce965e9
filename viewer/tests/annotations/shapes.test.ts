import { describe, expect, test } from "vitest";

import { lengthWords, shapeOf } from "../../src/annotations/shapes";
import { containedIn, projectionOf, type Projection } from "../../src/stack/projection";

const SIZE = { columns: 100, rows: 50, pixelSpacing: [2, 1] as const };
// turned by a quarter: columns run down, rows run left
const TURNED = projectionOf(SIZE, ([column, row]) => [300 - 4 * row, 2 * column]) as Projection;

describe("shapes", () => {
  test("an arrow's head is exactly where it points, however the picture is turned", () => {
    const { path, label } = shapeOf("arrow", [[80, 10], [20, 40]], TURNED);
    expect(path).toMatch(/^M260\.00 160\.00L140\.00 40\.00M\S+ \S+L140\.00 40\.00L/);
    expect(label).toEqual([260, 160]);
  });

  test("an ellipse passes through the ends of both its axes", () => {
    const { path } = shapeOf("ellipse", [[10, 20], [30, 20], [20, 15], [20, 25]], TURNED);
    for (const point of ["220.00 60.00", "200.00 40.00", "220.00 20.00", "240.00 40.00"]) expect(path).toContain(point);
    expect(path.endsWith("Z")).toBe(true);
  });

  test("a length is in millimetres of pixels that are not square, else in pixels", () => {
    expect(lengthWords([[0, 0], [3, 2]], SIZE.pixelSpacing)).toBe("5.0 mm");
    expect(lengthWords([[0, 0], [3, 4]], null)).toBe("5.0 pixels");
  });

  test("what is drawn on a picture that is fitted into its box comes back to the same place", () => {
    const fitted = containedIn(640, 480, SIZE) as Projection;
    const [column, row] = fitted.toImage(fitted.toElement([12.25, 33.75]));
    expect([column, row]).toEqual([expect.closeTo(12.25, 9), expect.closeTo(33.75, 9)]);
  });
});
