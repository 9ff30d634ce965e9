import type { Place } from "./address";
import type { Series, StackImage } from "./series";
import type { PixelAction } from "./keyboard";
import type { Mode } from "./pointing";
import type { Projection } from "./projection";
import type { View } from "./view";
import { PRESETS, type WindowName } from "./windows";
import type { Window } from "./windowing";

/** What brings pictures on screen: the site's own, or the pixels drawn here. */
export interface Screen {
  /** Brings what is wanted on screen, or covers it and says why. */
  show(): void;
  /** Tries the wanted slice again. */
  retry(): void;
  retryFailed(): void;
  /** What this screen can do beyond showing; without it, nothing. */
  act?: (action: PixelAction) => void;
  drag?: (mode: Mode, across: number, down: number) => void;
  /** How the picture on screen lies in `view.picture`; null while none is. */
  projection?: () => Projection | null;
  /** Undoes zoom, rotation and whatever else was done to the view. */
  reset?: () => void;
  /** Gives up what it holds; it is not shown again. */
  close?: () => void;
}

/** One stack on a page: what is wanted is `place` and `window`; what is drawn is only ever exactly that. */
export interface Stack {
  readonly root: HTMLElement;
  readonly view: View;
  readonly list: readonly Series[];
  readonly say: (sentence: string) => void;
  screen: Screen;
  place: Place;
  window: WindowName;
  /** A window that was dragged, until one with a name is chosen. */
  dragged: Window | null;
  isInverted: boolean;
  /** What a drag does. */
  mode: Mode;
  /** Whether it stands beside another, whose are the address and the teaching points. */
  readonly isBeside: boolean;
  /** Whether a person did anything yet: a page that opens by itself announces nothing. */
  wasMoved: boolean;
}

export function seriesOf(stack: Stack, place: Place = stack.place): Series {
  return stack.list[place.series] as Series;
}

export function imageOf(stack: Stack, place: Place = stack.place): StackImage {
  return seriesOf(stack, place).images[place.image] as StackImage;
}

export function noun(stack: Stack): string {
  return seriesOf(stack).images.length === 1 ? "The image" : `Slice ${stack.place.image + 1}`;
}

export function positionWords(stack: Stack, place: Place = stack.place): string {
  const count = seriesOf(stack, place).images.length;
  return count === 1 ? "1 image" : `Slice ${place.image + 1} of ${count}`;
}

export function windowWords(stack: Stack): string {
  const { dragged } = stack;
  const name = dragged
    ? `window centre ${Math.round(dragged.center)}, width ${Math.round(dragged.width)}`
    : `${PRESETS[stack.window].label.toLowerCase()} window`;
  return `${name}${stack.isInverted ? ", inverted" : ""}`;
}
