import type { Chosen } from "./choosing";

export interface Limits {
  files: number;
  bytes: number;
}

export interface Held {
  name: string;
  size: number;
}

/** The sentence that says why these files are too many, or null. Files already there count once. */
export function overLimit(chosen: readonly Chosen[], held: readonly Held[], limits: Limits): string | null {
  const all = new Map(held.map(({ name, size }) => [`${size} ${name}`, size]));
  for (const { name, file } of chosen) all.set(`${file.size} ${name}`, file.size);
  if (all.size > limits.files) {
    const some = all.size > chosen.length ? "With these there would be" : "You chose";
    return `${some} ${numeral(all.size)} files. One upload holds up to ${numeral(limits.files)}: leave out series that do not help, or start a second upload for the same patient.`;
  }
  const bytes = [...all.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > limits.bytes) {
    return `These files have ${sizeWords(bytes)}. One upload holds up to ${sizeWords(limits.bytes)}: leave out series that do not help, or start a second upload for the same patient.`;
  }
  return null;
}

export function numeral(value: number): string {
  return value.toLocaleString("en-GB");
}

/** "3 files", "1 file". */
export function counted(value: number, noun: string): string {
  return `${numeral(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A size as people say it, in the units the trust's computer shows. */
export function sizeWords(bytes: number): string {
  if (bytes >= 1024 ** 3) return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
  if (bytes >= 10 * 1024 ** 2) return `${numeral(Math.round(bytes / 1024 ** 2))} MB`;
  if (bytes >= 1024 ** 2) return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  return `${numeral(Math.ceil(bytes / 1024))} KB`;
}
