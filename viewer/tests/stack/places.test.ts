import { expect, test } from "vitest";

import { findImage, readAddress, writeAddress } from "../../src/stack/address";
import { byStudy, firstPlace } from "../../src/stack/hanging";
import { keyAction } from "../../src/stack/keyboard";
import { createStepper } from "../../src/stack/pointing";
import { readSeries, type Series } from "../../src/stack/series";
import { firstWindow, imageAddress, windowsOf } from "../../src/stack/windows";

function series(changes: Record<string, unknown> = {}, count = 3): Series {
  const images = Array.from({ length: count }, (_, index) => ({ uid: `k${index}`, frame: 1, url: `/i/${index}/rendered` }));
  const [made] = readSeries([{ uid: "s", label: "Axial", modality: "CT", images, ...changes }]);
  return made as Series;
}

const key = (name: string, changes = {}): Parameters<typeof keyAction>[0] => ({
  key: name,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  ...changes,
});

test("a slice's address survives writing and reading", () => {
  const address = { image: "k3f9a-12", window: "soft-tissue" } as const;
  expect(readAddress(writeAddress(address))).toEqual(address);
});

test("a fragment of the page's own is not an address of a slice", () => {
  expect(readAddress("#content")).toBeNull();
  expect(readAddress("#image=k1-1&window=javascript")).toEqual({ image: "k1-1", window: null });
});

test("a slice is found by its name in whichever series holds it", () => {
  const other = series({ images: [{ uid: "z", frame: 4, url: "/z" }] });
  expect(findImage([series(), other], "z-4")).toEqual({ series: 1, image: 0 });
  expect(findImage([series(), other], "z-1")).toBeNull();
});

test("a slice is found by its place as people count", () => {
  const other = series({ images: [{ uid: "z", frame: 4, url: "/z" }] });
  expect(findImage([series(), other], "2/1")).toEqual({ series: 1, image: 0 });
  expect(findImage([series(), other], "2/2")).toBeNull();
  expect(findImage([series(), other], "0/1")).toBeNull();
});

test("CT offers six windows and a radiograph only its own", () => {
  expect(windowsOf(series())).toHaveLength(6);
  expect(windowsOf(series({ modality: "DX" }))).toEqual(["own"]);
  expect(firstWindow(series())).toBe("lung");
  expect(firstWindow(series({ modality: "DX" }))).toBe("own");
});

test("a window becomes the parameter of the standard, the file's own none", () => {
  const [image] = series().images;
  if (!image) throw new Error("no image");
  expect(imageAddress(image, "lung")).toBe("/i/0/rendered?window=-600,1500,linear");
  expect(imageAddress(image, "own")).toBe("/i/0/rendered");
  expect(imageAddress({ ...image, url: "/i/0/rendered?viewport=512,512" }, "bone")).toBe(
    "/i/0/rendered?viewport=512,512&window=400,1800,linear",
  );
});

test("pictures made before offer only the windows they were made in", () => {
  const rendered = series({ images: [{ uid: "a", frame: 1, urls: { mediastinum: "/m.png", lung: "/l.png" } }] });
  expect(windowsOf(rendered)).toEqual(["lung", "mediastinum"]);
  const [image] = rendered.images;
  if (!image) throw new Error("no image");
  expect(imageAddress(image, "mediastinum")).toBe("/m.png");
});

test("a series without images is left out and malformed JSON is refused", () => {
  expect(readSeries([{ uid: "s", label: "Empty", modality: "CT", images: [] }])).toEqual([]);
  expect(() => readSeries([{ uid: "s", label: "x", modality: "CT", images: [{ uid: "a" }] }])).toThrow("no address");
  expect(() => readSeries({})).toThrow("not a list");
});

test("the frontal view hangs before the lateral and the lung series before the others", () => {
  const lateral = series({ label: "Lateral", modality: "DX" }, 1);
  const frontal = series({ label: "PA chest", modality: "DX" }, 1);
  expect(firstPlace([lateral, frontal]).series).toBe(1);
  const soft = series({ label: "Axial, soft tissue" }, 90);
  const lung = series({ label: "Axial, lung" }, 60);
  expect(firstPlace([soft, lung])).toEqual({ series: 1, image: 29 });
});

test("the series the server marks hangs first", () => {
  expect(firstPlace([series(), series({ is_first: true })]).series).toBe(1);
});

test("series of one study stand together in the order of the studies", () => {
  const list = ["Day 3", "Day 3", "Day 9"].map((study) => series({ study }));
  expect(byStudy(list)).toEqual([
    { label: "Day 3", series: [0, 1] },
    { label: "Day 9", series: [2] },
  ]);
});

test("Tab and browser shortcuts are never taken", () => {
  expect(keyAction(key("Tab"))).toBeNull();
  expect(keyAction(key("ArrowDown", { altKey: true }))).toBeNull();
  expect(keyAction(key("r", { ctrlKey: true }))).toBeNull();
});

test("keys move by slice, by ten, to the ends, and choose windows", () => {
  expect(keyAction(key("ArrowDown"))).toEqual({ kind: "move", by: 1 });
  expect(keyAction(key("PageUp"))).toEqual({ kind: "move", by: -10 });
  expect(keyAction(key("End"))).toEqual({ kind: "last" });
  expect(keyAction(key("2"))).toEqual({ kind: "window", name: "mediastinum" });
  expect(keyAction(key("I"))).toEqual({ kind: "invert" });
});

test("small wheel distances add up to a slice and turning round starts afresh", () => {
  const steps = createStepper(10);
  expect([4, 4, 4].map(steps)).toEqual([0, 0, 1]);
  expect(steps(-9)).toBeCloseTo(0);
  expect(steps(-1)).toBe(-1);
});
