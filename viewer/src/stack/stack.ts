import type { Place } from "./address";
import { createLoader, fetchPicture, type Loader } from "./loading";
import type { Pictures } from "./pictures";
import type { Series, StackImage } from "./series";
import type { View } from "./view";
import { imageAddress, PRESETS, type WindowName } from "./windows";

const LOADERS_KEPT = 4; // sets of pictures, one for each series and window looked at

/** One stack on a page: what is wanted is `place` and `window`; what is drawn is only ever exactly that. */
export interface Stack {
  readonly root: HTMLElement;
  readonly view: View;
  readonly list: readonly Series[];
  readonly pictures: Pictures;
  readonly loaders: Map<string, Loader>;
  readonly say: (sentence: string) => void;
  place: Place;
  window: WindowName;
  isInverted: boolean;
  /** Whether a person did anything yet: a page that opens by itself announces nothing. */
  wasMoved: boolean;
}

export function seriesOf(stack: Stack): Series {
  return stack.list[stack.place.series] as Series;
}

export function imageOf(stack: Stack): StackImage {
  return seriesOf(stack).images[stack.place.image] as StackImage;
}

/** The loader of the wanted series and window; every other one rests. */
export function loaderOf(stack: Stack, onChange: (loader: Loader, index: number) => void): Loader {
  const key = `${stack.place.series} ${stack.window}`;
  for (const [other, loader] of stack.loaders) if (other !== key) loader.stop();
  const found = stack.loaders.get(key) ?? newLoader(stack, onChange);
  // the newest last, so that the oldest goes first
  stack.loaders.delete(key);
  stack.loaders.set(key, found);
  for (const oldest of stack.loaders.keys()) {
    if (stack.loaders.size <= LOADERS_KEPT) break;
    stack.loaders.delete(oldest);
  }
  return found;
}

function newLoader(stack: Stack, onChange: (loader: Loader, index: number) => void): Loader {
  const { images } = seriesOf(stack);
  const name = stack.window;
  const made: Loader = createLoader({
    count: images.length,
    load: (index) => fetchPicture(imageAddress(images[index] as StackImage, name)),
    onChange: (index) => {
      onChange(made, index);
    },
  });
  return made;
}

export function noun(stack: Stack): string {
  return seriesOf(stack).images.length === 1 ? "The image" : `Slice ${stack.place.image + 1}`;
}

export function positionWords(stack: Stack): string {
  const count = seriesOf(stack).images.length;
  return count === 1 ? "1 image" : `Slice ${stack.place.image + 1} of ${count}`;
}

export function windowWords(stack: Stack): string {
  return `${PRESETS[stack.window].label.toLowerCase()} window${stack.isInverted ? ", inverted" : ""}`;
}
