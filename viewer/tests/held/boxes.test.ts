import { expect, test } from "vitest";

import { afterKey, between, inPicture, moved, resized } from "../../src/held/boxes";

const size = { columns: 200, rows: 100 };
const box = { x: 10, y: 20, width: 30, height: 40 };

test("a pointer on a scaled picture is a place in pixels", () => {
  const shown = new DOMRect(50, 10, 400, 200);

  expect(inPicture({ x: 250, y: 60 }, shown, size)).toEqual({ x: 100, y: 25 });
});

test("a pointer outside the picture stays at its edge", () => {
  const shown = new DOMRect(0, 0, 200, 100);

  expect(inPicture({ x: -5, y: 400 }, shown, size)).toEqual({ x: 0, y: 100 });
});

test("a stroke covers every pixel it touches, in whichever direction it went", () => {
  const expected = { x: 3, y: 4, width: 7, height: 3 };

  expect(between({ x: 3.7, y: 4.2 }, { x: 9.1, y: 6.8 })).toEqual(expected);
  expect(between({ x: 9.1, y: 6.8 }, { x: 3.7, y: 4.2 })).toEqual(expected);
});

test("a rectangle does not move out of the picture", () => {
  expect(moved(box, { x: 500, y: 500 }, size)).toEqual({ ...box, x: 170, y: 60 });
  expect(moved(box, { x: -500, y: -500 }, size)).toEqual({ ...box, x: 0, y: 0 });
});

test("a rectangle keeps at least one pixel and ends at the edge", () => {
  expect(resized(box, { x: -500, y: -500 }, size)).toEqual({ ...box, width: 1, height: 1 });
  expect(resized(box, { x: 500, y: 500 }, size)).toEqual({ ...box, width: 190, height: 80 });
});

test("arrows move a pixel, with shift they change the size", () => {
  expect(afterKey("ArrowLeft", false, box, size)).toEqual({ ...box, x: 9 });
  expect(afterKey("ArrowDown", true, box, size)).toEqual({ ...box, height: 41 });
});

test("delete removes, other keys do nothing", () => {
  expect(afterKey("Delete", false, box, size)).toBe("remove");
  expect(afterKey("Tab", false, box, size)).toBeNull();
});
