import type { FrameHeader } from "./headers";

const LEAST_SLICES = 8;
const SLACK = 0.05; // of the usual distance; scanners write positions with a few digits

/** Why slices, in their order in space, are not one volume, as a sentence; null when they are one. */
export function whyNoVolume(headers: readonly FrameHeader[]): string | null {
  const [first] = headers;
  if (!first || headers.length < LEAST_SLICES) return "This series has too few slices for other planes.";
  if (!headers.every(({ orientation, position, pixelSpacing }) => orientation && position && pixelSpacing)) {
    return "The slices of this series do not say where they lie, so there are no other planes.";
  }
  const same = (header: FrameHeader): boolean =>
    header.rows === first.rows &&
    header.columns === first.columns &&
    isClose(header.pixelSpacing ?? [], first.pixelSpacing ?? [], 1e-3) &&
    isClose(header.orientation ?? [], first.orientation ?? [], 1e-3);
  if (!headers.every(same)) return "The slices of this series differ in size or direction, so there are no other planes.";
  const places = headers.map(depthOf).sort((a, b) => a - b);
  const distances = places.slice(1).map((place, index) => place - (places[index] as number));
  const usual = (places[places.length - 1] as number) - (places[0] as number);
  const even = usual / distances.length;
  if (even <= 0 || distances.some((distance) => Math.abs(distance - even) > SLACK * even)) {
    return "The slices of this series do not lie at equal distances, so there are no other planes.";
  }
  return null;
}

/** How far a slice lies along the normal of its plane, in mm. */
export function depthOf({ orientation, position }: FrameHeader): number {
  return normalOf(orientation ?? []).reduce((sum, part, axis) => sum + part * (position?.[axis] ?? 0), 0);
}

/** Across the plane of a slice: the cross product of its row's and its column's direction. */
export function normalOf([a = 1, b = 0, c = 0, d = 0, e = 1, f = 0]: readonly number[]): number[] {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function isClose(one: readonly number[], other: readonly number[], slack: number): boolean {
  return one.length === other.length && one.every((value, index) => Math.abs(value - (other[index] as number)) <= slack);
}
