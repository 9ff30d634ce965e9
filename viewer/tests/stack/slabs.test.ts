import { expect, test } from "vitest";

import { nextProjection, otherThickness, PLANE, slabWords } from "../../src/stack/pixels/slabs";

test("one key goes round single plane, brightest and darkest", () => {
  const brightest = nextProjection(PLANE);
  expect(slabWords(brightest)).toBe("Brightest of a slab (MIP), 10 mm");
  const darkest = nextProjection(brightest);
  expect(slabWords(darkest)).toBe("Darkest of a slab (MinIP), 10 mm");
  expect(nextProjection(darkest)).toEqual(PLANE);
  expect(slabWords(PLANE)).toBe("Single plane");
});

test("a slab gets thicker and thinner and no thicker than the thickest", () => {
  expect(otherThickness(PLANE, 1).thickness).toBe(20);
  expect(otherThickness({ ...PLANE, thickness: 40 }, 1).thickness).toBe(40);
  expect(otherThickness({ ...PLANE, thickness: 5 }, -1).thickness).toBe(5);
});
