import type { Series, StackImage } from "./series";
import { isWindow, type WindowName } from "./windows";

export interface Place {
  series: number;
  image: number;
}

export interface SliceAddress {
  /** `<short uid>-<frame>`: the slice itself, not its position, so it lasts when a series changes. */
  image: string;
  window: WindowName | null;
}

export function imageName(image: StackImage): string {
  return `${image.uid}-${image.frame}`;
}

/** Reads `#image=k3f9-1&window=lung`; any other fragment is not ours. */
export function readAddress(fragment: string): SliceAddress | null {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  const image = parameters.get("image");
  if (!image) return null;
  const window = parameters.get("window");
  return { image, window: window !== null && isWindow(window) ? window : null };
}

export function writeAddress(address: SliceAddress): string {
  // the names hold letters, digits and hyphens only, so nothing needs escaping
  return `#image=${address.image}${address.window ? `&window=${address.window}` : ""}`;
}

const BY_PLACE = /^([1-9]\d{0,3})\/([1-9]\d{0,5})$/;

/** Where the named slice is; null when this page does not show it. `3/142`: the third series, its 142nd. */
export function findImage(list: readonly Series[], name: string): Place | null {
  const place = BY_PLACE.exec(name);
  if (place) {
    const [series, image] = [Number(place[1]) - 1, Number(place[2]) - 1];
    return list[series]?.images[image] ? { series, image } : null;
  }
  for (const [series, { images }] of list.entries()) {
    const image = images.findIndex((candidate) => imageName(candidate) === name);
    if (image >= 0) return { series, image };
  }
  return null;
}
