import { findImage } from "../stack/address";
import type { Series } from "../stack/series";

export interface BoundSlice {
  /** The series' number on the server. */
  series: number;
  /** The image's place in its series, counted from 1. */
  place: number;
}

/** Where the picture named `name` ("k3f9-1") stands; null when none is on screen. */
export function boundSlice(
  list: readonly Series[],
  keyOf: Readonly<Record<string, number>>,
  name: string,
): BoundSlice | null {
  const place = findImage(list, name);
  const series = place && list[place.series];
  if (!place || !series) return null;
  const key = keyOf[series.uid];
  return key === undefined ? null : { series: key, place: place.image + 1 };
}
