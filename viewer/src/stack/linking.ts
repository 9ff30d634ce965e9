import type { FrameHeader } from "./pixels/headers";
import { normalOf } from "./pixels/volumes";

type Vector = readonly number[];

/** One series along the way its slices are stacked: where each of them lies. */
export interface Line {
  normal: Vector;
  positions: readonly Vector[];
  frameOfReferenceUid: string;
}

/** What two series have in common: `offset` in mm, from the first one's depths to the second one's. */
export interface Link {
  depths: readonly [first: readonly number[], second: readonly number[]];
  offset: number;
  isSameFrame: boolean;
}

const PARALLEL = 0.9; // cosine: a tilt of up to 25 degrees

/** The line of a series; null for one image, or where the headers do not say where the slices lie. */
export function lineOf(headers: readonly FrameHeader[]): Line | null {
  const [first] = headers;
  const positions = headers.map(({ position }) => position);
  if (!first?.orientation || headers.length < 2 || !positions.every((each) => each !== null)) return null;
  return { normal: normalOf(first.orientation), positions, frameOfReferenceUid: first.frameOfReferenceUid };
}

/**
 * Links two series along the normal of the first. Scans with different frames of reference share no
 * place, so their middles are laid together until somebody knows better. Null when they lie across each other.
 */
export function linkOf(first: Line, second: Line): Link | null {
  if (Math.abs(dot(first.normal, second.normal)) < PARALLEL) return null;
  const depths = [depthsOf(first, first.normal), depthsOf(second, first.normal)] as const;
  const isSameFrame = first.frameOfReferenceUid !== "" && first.frameOfReferenceUid === second.frameOfReferenceUid;
  return { depths, isSameFrame, offset: isSameFrame ? 0 : middleOf(depths[1]) - middleOf(depths[0]) };
}

/** The same link, so that these two slices lie at one level. */
export function linkedAt(link: Link, first: number, second: number): Link {
  const [one, other] = link.depths;
  return { ...link, offset: (other[second] ?? 0) - (one[first] ?? 0) };
}

/** The slice of the other series nearest to this one's level. */
export function sliceBeside(link: Link, index: number, isFirst: boolean): number {
  const [one, other] = isFirst ? link.depths : [link.depths[1], link.depths[0]];
  const wanted = (one[index] ?? 0) + (isFirst ? link.offset : -link.offset);
  let nearest = 0;
  for (const [candidate, depth] of other.entries()) {
    if (Math.abs(depth - wanted) < Math.abs((other[nearest] as number) - wanted)) nearest = candidate;
  }
  return nearest;
}

function depthsOf({ positions }: Line, normal: Vector): number[] {
  return positions.map((position) => dot(position, normal));
}

function middleOf(depths: readonly number[]): number {
  return (Math.min(...depths) + Math.max(...depths)) / 2;
}

function dot(one: Vector, other: Vector): number {
  return one.reduce((sum, part, axis) => sum + part * (other[axis] ?? 0), 0);
}
