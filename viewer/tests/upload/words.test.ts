import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { fromDrop, withoutSystemFiles } from "../../src/upload/choosing";
import { hashBytes, hashFile } from "../../src/upload/hashing";
import { overLimit, sizeWords } from "../../src/upload/limits";
import { createSpeed, progressWords, timeLeft } from "../../src/upload/progress";
import { sentence } from "../../src/upload/protocol";

const LIMITS = { files: 2000, bytes: 2 * 1024 ** 3 };

function some(count: number, size = 1): { name: string; file: File }[] {
  const file = { size } as File;
  return Array.from({ length: count }, (_, index) => ({ name: `s/${index}`, file }));
}

test("2,001 files are too many and 2,000 are not", () => {
  expect(overLimit(some(2001), [], LIMITS)).toContain("You chose 2,001 files. One upload holds up to 2,000");
  expect(overLimit(some(2000), [], LIMITS)).toBeNull();
});

test("files that are there already count once", () => {
  const held = some(1500).map(({ name, file }) => ({ name, size: file.size }));
  expect(overLimit(some(2000), held, LIMITS)).toBeNull();
  const others = some(600, 2);
  expect(overLimit(others, held, LIMITS)).toContain("With these there would be 2,100 files");
});

test("more than two gigabytes are too much", () => {
  expect(overLimit(some(3, 1024 ** 3), [], LIMITS)).toContain("These files have 3.0 GB");
});

test("sizes and times are in words that do not jump", () => {
  expect(sizeWords(526336)).toBe("514 KB");
  expect(sizeWords(112 * 1024 ** 2)).toBe("112 MB");
  expect(timeLeft(1000, 100)).toBe("less than a minute left");
  expect(timeLeft(60_000, 500)).toBe("about 2 minutes left");
  expect(timeLeft(10, null)).toBe("");
  const sums = { files: 214, done: 60, failed: 0, bytes: 112 * 1024 ** 2, sent: 31 * 1024 ** 2 };
  expect(progressWords(sums, "about 3 minutes left")).toBe("60 of 214 files, 31 MB of 112 MB, about 3 minutes left");
});

test("the speed is that of the last seconds, and unknown at first", () => {
  const speed = createSpeed();
  expect(speed(0, 0)).toBeNull();
  expect(speed(1000, 1000)).toBeNull();
  expect(speed(5000, 5000)).toBe(1000);
  for (let second = 6; second <= 40; second += 1) speed(5000, second * 1000);
  expect(speed(5000, 41_000)).toBeNull();
});

test("what systems put beside images is left out and counted", () => {
  const names = ["a/IM0001", "a/.DS_Store", "a/DICOMDIR", "__MACOSX/a/._IM0001", "Thumbs.db", "a/DICOMDIR2"];
  const { kept, leftOut } = withoutSystemFiles(names.map((name) => ({ name, file: {} as File })));
  expect(kept.map(({ name }) => name)).toEqual(["a/IM0001", "a/DICOMDIR2"]);
  expect(leftOut).toBe(4);
});

test("a dropped folder is walked to the bottom, a hundred names at a time", async () => {
  const leaf = (path: string): FileSystemEntry =>
    ({
      isFile: true,
      isDirectory: false,
      fullPath: path,
      file: (done: (file: File) => void) => {
        done(new File(["x"], path));
      },
    }) as unknown as FileSystemEntry;
  const folder = (path: string, children: FileSystemEntry[]): FileSystemEntry => ({
    isFile: false,
    isDirectory: true,
    fullPath: path,
    createReader: () => {
      const left = [...children];
      return { readEntries: (done: (some: FileSystemEntry[]) => void) => { done(left.splice(0, 100)); } };
    },
  }) as unknown as FileSystemEntry;
  const many = Array.from({ length: 250 }, (_, index) => leaf(`/study/series/${index}`));
  const root = folder("/study", [folder("/study/series", many), leaf("/study/one")]);
  const item = { kind: "file", webkitGetAsEntry: () => root } as unknown as DataTransferItem;
  const found = await fromDrop([item]);
  expect(found).toHaveLength(251);
  expect(found[0]?.name).toBe("study/series/0");
});

test("a file read in slices has the hash of the whole", async () => {
  const bytes = new Uint8Array(9 * 1024 * 1024 + 5).map((_, index) => index % 251);
  const expected = createHash("sha256").update(bytes).digest("hex");
  expect(await hashFile(new Blob([bytes]))).toBe(expected);
  expect(await hashBytes(bytes.buffer)).toBe(expected);
});

test("the server's sentence is shown and a page of markup is not", () => {
  expect(sentence(409, '{"message": "This upload was submitted."}')).toBe("This upload was submitted.");
  expect(sentence(502, "<html><h1>Bad gateway</h1></html>")).toBe("The site did not answer as it should.");
});
