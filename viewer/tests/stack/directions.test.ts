import { expect, test } from "vitest";

import { edgesOf, edgesOfProjection, lettersOf, oppositeOf } from "../../src/stack/pixels/directions";
import { readHeader } from "../../src/stack/pixels/headers";

function radiograph(...directions: string[]): ReturnType<typeof readHeader> {
  const numbers = { "00280010": { Value: [2] }, "00280011": { Value: [3] }, "00280100": { Value: [16] } };
  return readHeader({ ...numbers, "00200020": { Value: directions } }, 1);
}

test("x runs to the patient's left, y to the back, z to the head, and back again", () => {
  expect([[1, 0, 0], [0, 1, 0], [0, 0, 1]].map(lettersOf)).toEqual(["L", "P", "H"]);
  expect([[-1, 0, 0], [0, -1, 0], [0, 0, -1]].map(lettersOf)).toEqual(["R", "A", "F"]);
});

test("an oblique direction has a second letter, a little tilt has none, and no direction no letter", () => {
  expect(lettersOf([0, -3, -1.5])).toBe("AF");
  expect(lettersOf([0, -1, 0.1])).toBe("A");
  expect(lettersOf([0, 0, 0])).toBe("");
  expect(oppositeOf("AF")).toBe("PH");
});

test("the edges of an axial slice seen from the feet have the patient's left on the right", () => {
  expect(edgesOf([1, 0, 0], [0, 1, 0])).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
});

test("a radiograph turned by a quarter and mirrored keeps its letters at their sides", () => {
  const frontal = radiograph("L", "F");
  expect(edgesOfProjection(frontal, [1, 0, 0], [0, 1, 0])).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
  // clockwise: what was below is at the left
  expect(edgesOfProjection(frontal, [0, -1, 0], [1, 0, 0])).toEqual({ left: "F", right: "H", top: "R", bottom: "L" });
  expect(edgesOfProjection(frontal, [-1, 0, 0], [0, 1, 0])).toMatchObject({ left: "L", right: "R", top: "H" });
});

test("a radiograph that does not say how it lies has no letters", () => {
  const nothing = { left: "", right: "", top: "", bottom: "" };
  expect(edgesOfProjection(radiograph(), [1, 0, 0], [0, 1, 0])).toEqual(nothing);
  expect(edgesOfProjection(radiograph("L", "<b>"), [1, 0, 0], [0, 1, 0])).toEqual(nothing);
});
