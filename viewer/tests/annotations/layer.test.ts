import { expect, test } from "vitest";

import { besides } from "../../src/annotations/layer";

test("words stand beside a drawing on the side that has room, or below it", () => {
  expect(besides([100, 50], 180, 300)).toEqual({ x: "108", y: "50", "text-anchor": "start" });
  expect(besides([250, 50], 180, 300)).toEqual({ x: "242", y: "50", "text-anchor": "end" });
  expect(besides([180, 50], 180, 290)).toEqual({ x: "8", y: "70", "text-anchor": "start" });
});
