import { expect, test } from "vitest";

import { frameAddress, hasPixels, instanceUid, metadataAddress } from "../../src/stack/pixels/addresses";
import { readHeader } from "../../src/stack/pixels/headers";
import { keptSlices } from "../../src/stack/pixels/screen";
import { measurementWords } from "../../src/stack/pixels/measurements";
import { probeWords, valueAt } from "../../src/stack/pixels/probe";
import { whyNoVolume } from "../../src/stack/pixels/volumes";
import { modalityValues } from "../../src/stack/pixels/values";
import { readSeries, type Series } from "../../src/stack/series";
import { draggedWindow, fittingWindow, greyOf, rangeOf } from "../../src/stack/windowing";

function series(urls: string[]): Series {
  const images = urls.map((url, index) => ({ uid: `k${index}`, frame: index + 1, url }));
  const [made] = readSeries([{ uid: "s", label: "Axial", modality: "CT", images }]);
  return made as Series;
}

const HEADER = {
  "00280010": { vr: "US", Value: [2] },
  "00280011": { vr: "US", Value: [3] },
  "00280100": { vr: "US", Value: [16] },
  "00280101": { vr: "US", Value: [12] },
  "00280103": { vr: "US", Value: [0] },
  "00280004": { vr: "CS", Value: ["MONOCHROME2"] },
  "00080060": { vr: "CS", Value: ["CT"] },
};

test("the stored frame lies beside its picture", () => {
  const made = series(["/d/studies/1/series/2/instances/3/rendered", "/d/studies/1/series/2/instances/4/frames/2/rendered?window=1,2,linear"]);
  const [first, second] = made.images;
  if (!first || !second) throw new Error("no image");
  expect(frameAddress(first)).toBe("/d/studies/1/series/2/instances/3/frames/1");
  expect(frameAddress(second)).toBe("/d/studies/1/series/2/instances/4/frames/2");
  expect(metadataAddress(made)).toBe("/d/studies/1/series/2/metadata");
  expect(instanceUid(second)).toBe("4");
});

test("pictures elsewhere than under the page's DICOMweb address have no pixels here", () => {
  expect(hasPixels(series(["/d/studies/1/series/2/instances/3/rendered"]), "/d/")).toBe(true);
  expect(hasPixels(series(["/e/studies/1/series/2/instances/3/rendered"]), "/d/")).toBe(false);
  expect(hasPixels(series(["/d/lung/3.png"]), "/d/")).toBe(false);
});

test("a window rises from 0 to 1 as C.11.2.1.2.1 says", () => {
  const lung = { center: -600, width: 1500, kind: "LINEAR" } as const;
  expect(rangeOf(lung)).toEqual({ lower: -1350, upper: 149 });
  for (const value of [-1400, -1349, -600.5, -1, 148, 200]) {
    const byTheStandard = (value - (lung.center - 0.5)) / (lung.width - 1) + 0.5;
    expect(greyOf(value, lung)).toBeCloseTo(Math.max(0, Math.min(1, byTheStandard)), 9);
  }
});

test("an exact window and a window of one value are what they say", () => {
  expect(rangeOf({ center: 40, width: 400, kind: "LINEAR_EXACT" })).toEqual({ lower: -160, upper: 240 });
  const step = { center: 10, width: 1, kind: "LINEAR" } as const;
  expect([greyOf(9.4, step), greyOf(9.6, step)]).toEqual([0, 1]);
  expect(greyOf(40, { center: 40, width: 400, kind: "SIGMOID" })).toBe(0.5);
});

test("a drag sideways widens, downwards raises, and no window gets narrower than one", () => {
  const from = { center: 40, width: 400, kind: "LINEAR" } as const;
  expect(draggedWindow(from, 100, 0, 400)).toEqual({ center: 40, width: 600, kind: "LINEAR" });
  expect(draggedWindow(from, 0, 100, 400)).toEqual({ center: 240, width: 400, kind: "LINEAR" });
  expect(draggedWindow(from, -9999, 0, 400).width).toBe(1);
});

test("without a window of its own a picture gets the range of nearly all its values", () => {
  const values = Int16Array.from({ length: 10_000 }, (_, index) => (index < 8 ? 9000 : index % 100));
  const { center, width } = fittingWindow(values, 100);
  expect(width).toBeLessThan(110);
  expect(center).toBeGreaterThan(40);
});

test("a frame's own group stands before the shared one, and that before the top", () => {
  const header = readHeader(
    {
      ...HEADER,
      "00281053": { Value: [7] },
      "52009229": { Value: [{ "00289145": { Value: [{ "00281053": { Value: [2] }, "00281052": { Value: [-1024] } }] } }] },
      "52009230": { Value: [{}, { "00209113": { Value: [{ "00200032": { Value: ["1", "2", "3.5"] } }] } }] },
    },
    2,
  );
  expect([header.slope, header.intercept]).toEqual([2, -1024]);
  expect(header.position).toEqual([1, 2, 3.5]);
  expect(header.window).toBeNull();
});

test("INVERSE stands for MONOCHROME1 and does not invert it back", () => {
  const inverted = (photometric: string, shape: string): boolean =>
    readHeader({ ...HEADER, "00280004": { Value: [photometric] }, "20500020": { Value: [shape] } }, 1).isInverted;
  expect(inverted("MONOCHROME2", "IDENTITY")).toBe(false);
  expect(inverted("MONOCHROME1", "INVERSE")).toBe(true);
  expect(inverted("MONOCHROME2", "INVERSE")).toBe(true);
});

test("a header without a size cannot be drawn", () => {
  expect(() => readHeader({}, 1)).toThrow();
});

const info = (bits: number): Parameters<typeof modalityValues>[0] => ({
  width: 3,
  height: 2,
  bitsPerSample: bits,
  componentCount: 1,
});

test("signed values keep their sign through the bits they are stored as", () => {
  const header = { ...readHeader(HEADER, 1), isSigned: true, intercept: -10 };
  const bytes = new Uint8Array(Int16Array.from([-1000, -1, 0, 1, 2, 3000]).buffer);
  const { values, lowest, highest } = modalityValues(info(16), bytes, header);
  expect([...values]).toEqual([-1010, -11, -10, -9, -8, 2990]);
  expect([lowest, highest]).toEqual([-1010, 2990]);
  expect(values).toBeInstanceOf(Int16Array);
});

test("a slope that is no whole number needs floating values", () => {
  const header = { ...readHeader(HEADER, 1), slope: 0.5 };
  const { values } = modalityValues(info(8), Uint8Array.from([0, 1, 2, 3, 4, 5]), header);
  expect([...values]).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
});

test("a frame of another size than its header is refused", () => {
  expect(() => modalityValues({ ...info(8), width: 2 }, new Uint8Array(4), readHeader(HEADER, 1))).toThrow(RangeError);
  expect(() => modalityValues(info(16), new Uint8Array(6), readHeader(HEADER, 1))).toThrow(RangeError);
});

test("the probe reads row by row, counts from one, and says nothing beside the picture", () => {
  const header = readHeader(HEADER, 1);
  const picture = { name: "k", header, decoded: { values: Int16Array.from([1, 2, 3, -4, 5, 6]), lowest: -4, highest: 6 } };
  expect(valueAt(picture, 0, 1)).toBe(-4);
  expect(valueAt(picture, 3, 0)).toBeUndefined();
  expect(probeWords(picture, 0, 1)).toBe("Column 1, row 2: \u22124 HU");
  expect(probeWords(picture, 0, 2)).toBe("");
});

test("a measurement is a sentence with its units", () => {
  expect(measurementWords("Length", { a: { length: 12.34, unit: "mm" } })).toBe("Length: 12.3 mm");
  const ellipse = { area: 42, areaUnit: "mm\u00b2", mean: -812.44, stdDev: 31, modalityUnit: "HU" };
  expect(measurementWords("EllipticalROI", { a: ellipse })).toBe(
    "Ellipse: area 42.0 mm\u00b2, mean \u2212812.4 HU, standard deviation 31.0 HU",
  );
  expect(measurementWords("Angle", {})).toBe("");
});

test("so many slices are kept as fit the memory, and a few of the largest", () => {
  const memory = 384 * 1024 ** 2;
  expect(keptSlices(memory, 512 * 512 * 2)).toBe(768);
  expect(keptSlices(memory, 1024 * 1024 * 2)).toBe(192);
  expect(keptSlices(memory, 4096 * 4096 * 4)).toBe(8);
});

test("slices of one size and direction at equal distances are one volume, in whatever order", () => {
  const at = (z: number, changes = {}): ReturnType<typeof readHeader> => ({
    ...readHeader(HEADER, 1),
    position: [0, 0, z],
    orientation: [1, 0, 0, 0, 1, 0],
    pixelSpacing: [0.7, 0.7],
    ...changes,
  });
  const even = [3, 1, 2, 0, 4, 5, 7, 6].map((z) => at(z * 1.25));
  expect(whyNoVolume(even)).toBeNull();
  expect(whyNoVolume(even.slice(0, 7))).toContain("too few slices");
  expect(whyNoVolume([...even, at(99)])).toContain("equal distances");
  expect(whyNoVolume([...even, at(0)])).toContain("equal distances");
  expect(whyNoVolume([...even, at(10, { rows: 9 })])).toContain("differ in size");
  expect(whyNoVolume([...even, at(10, { orientation: [0, 1, 0, 0, 0, 1] })])).toContain("differ in size or direction");
  expect(whyNoVolume([...even, at(10, { position: null })])).toContain("do not say where they lie");
});
