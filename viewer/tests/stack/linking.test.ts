import { expect, test } from "vitest";

import { seriesBeside } from "../../src/stack/hanging";
import { linkedAt, lineOf, linkOf, sliceBeside, type Line } from "../../src/stack/linking";
import { readHeader } from "../../src/stack/pixels/headers";
import { readSeries, type Series } from "../../src/stack/series";

type Header = ReturnType<typeof readHeader>;

function slice(z: number, frame: string, orientation: number[] = [1, 0, 0, 0, 1, 0]): Header {
  const numbers = { "00280010": { Value: [2] }, "00280011": { Value: [3] }, "00280100": { Value: [16] } };
  const position = { "00200032": { Value: [0, 0, z] }, "00200037": { Value: orientation } };
  return readHeader({ ...numbers, ...position, "00200052": { Value: [frame] } }, 1);
}

function line(depths: number[], frame = "1", orientation?: number[]): Line {
  const made = lineOf(depths.map((z) => slice(z, frame, orientation)));
  if (!made) throw new Error("no line");
  return made;
}

function linked(...lines: [Line, Line]): NonNullable<ReturnType<typeof linkOf>> {
  const made = linkOf(...lines);
  if (!made) throw new Error("no link");
  return made;
}

test("in one frame of reference the nearest place in the patient is found, whatever the distances", () => {
  const link = linked(line([0, 5, 10, 15]), line([-2, 0, 2, 4, 6, 8, 10, 12]));
  expect(link.isSameFrame).toBe(true);
  expect([0, 1, 2, 3].map((index) => sliceBeside(link, index, true))).toEqual([1, 3, 6, 7]);
  expect([0, 3, 7].map((index) => sliceBeside(link, index, false))).toEqual([0, 1, 2]);
});

test("a series stacked from head to feet is followed the other way round", () => {
  const link = linked(line([0, 5, 10]), line([10, 5, 0]));
  expect([0, 1, 2].map((index) => sliceBeside(link, index, true))).toEqual([2, 1, 0]);
  const seenFromAbove = line([0, 5, 10], "1", [-1, 0, 0, 0, 1, 0]);
  expect(sliceBeside(linked(line([0, 5, 10]), seenFromAbove), 2, true)).toBe(2);
});

test("scans with different frames of reference are laid middle on middle until two slices are matched", () => {
  const link = linked(line([0, 5, 10, 15, 20], "1"), line([1000, 1005, 1010, 1015, 1020], "2"));
  expect(link.isSameFrame).toBe(false);
  expect(sliceBeside(link, 1, true)).toBe(1);
  const matched = linkedAt(link, 1, 3);
  expect([0, 1, 2, 4].map((index) => sliceBeside(matched, index, true))).toEqual([2, 3, 4, 4]);
  expect(sliceBeside(matched, 3, false)).toBe(1);
});

test("frames of reference that nobody named are not taken for the same", () => {
  expect(linked(line([0, 5], ""), line([0, 5], "")).isSameFrame).toBe(false);
});

test("planes across each other, single images and unknown places have no link", () => {
  const coronal = line([0, 5, 10], "1", [1, 0, 0, 0, 0, -1]);
  expect(linkOf(line([0, 5, 10]), coronal)).toBeNull();
  expect(lineOf([slice(0, "1")])).toBeNull();
  expect(lineOf([slice(0, "1"), { ...slice(1, "1"), position: null }])).toBeNull();
});

test("beside a series hangs its like in another study, and nothing beside an only one", () => {
  const images = [{ uid: "k", frame: 1, url: "/i" }];
  const made = (label: string, study: string, modality = "CT"): object => ({ uid: label + study, label, study, modality, images });
  const list: Series[] = readSeries([
    made("Lung", "Day 3"),
    made("Soft tissue", "Day 3"),
    made("PA", "Day 5", "DX"),
    made("Soft tissue", "Day 9"),
    made("Lung", "Day 9"),
  ]);
  expect([0, 1, 4].map((index) => seriesBeside(list, index))).toEqual([4, 3, 0]);
  expect(seriesBeside(list.slice(0, 1), 0)).toBeNull();
});
