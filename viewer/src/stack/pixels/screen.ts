import { element } from "../../elements";
import { findImage, imageName } from "../address";
import { fetchFrame } from "../fetching";
import { createLoaders } from "../loaders";
import { createLoader, failureWords, type Loader } from "../loading";
import { cover, showControls, showProgress, uncover } from "../reporting";
import type { Series, StackImage } from "../series";
import { imageOf, noun, seriesOf, type Screen, type Stack } from "../stack";
import { fittingWindow, type Window } from "../windowing";
import { PRESETS } from "../windows";
import { frameAddress } from "./addresses";
import type { PixelCanvas } from "./canvas";
import { decode, startDecoders, type Decoded } from "./decoding";
import { headerOf, type FrameHeader } from "./headers";

const LOADERS_KEPT = 2; // series whose pixels are kept
const MEMORY = 384 * 1024 ** 2; // bytes of one series' pixels
const SMALL_MEMORY = 160 * 1024 ** 2; // on a phone
const LEAST_KEPT = 8; // slices

/** One frame as it is drawn. */
export interface Picture {
  name: string;
  header: FrameHeader;
  decoded: Decoded;
}

export interface PixelScreen extends Screen {
  /** The picture on screen or about to be; undefined while it loads. */
  picture(): Picture | undefined;
  /** The window the wanted picture is drawn in. */
  window(): Window | null;
  canvas(): PixelCanvas | null;
  /** Whether the wanted series is never kept whole. */
  isTooLarge(): boolean;
  /** Every picture of the wanted series; null while any is missing. */
  everyPicture(): Picture[] | null;
  /** While something lies over the canvas, what is drawn beneath is not named. */
  rest(isResting: boolean): void;
}

/** Shows the stored pixels, loaded around the slice that is looked at. `onBroken` when they cannot be drawn here. */
export function createPixelScreen(
  stack: Stack,
  onReady: (canvas: PixelCanvas) => void,
  onBroken: () => void,
): PixelScreen {
  const surface = element("div", { className: "app-stack__pixels" });
  stack.view.picture.replaceChildren(surface);
  startDecoders();
  let canvas: PixelCanvas | null = null;
  let isResting = false;
  import("./canvas").then(
    ({ createPixelCanvas }) => {
      canvas = createPixelCanvas(surface, painted, onBroken);
      onReady(canvas);
      show();
    },
    onBroken,
  );
  const loaders = createLoaders(LOADERS_KEPT, newLoader);

  function newLoader(): Loader<Picture> {
    const series = seriesOf(stack);
    const made: Loader<Picture> = createLoader({
      count: series.images.length,
      capacity: () => capacityOf(series),
      load: (index) => loadPicture(series, series.images[index] as StackImage),
      onDrop: ({ name }) => canvas?.forget(name),
      onChange: (index) => {
        if (wanted() !== made) return;
        if (index === stack.place.image) show();
        else showProgress(stack, made.loaded(), made.expected());
      },
    });
    return made;
  }

  const wanted = (): Loader<Picture> => loaders.get(String(stack.place.series));
  const picture = (): Picture | undefined => wanted().picture(stack.place.image);

  function show(): void {
    const loader = wanted();
    const index = stack.place.image;
    const loaded = loader.picture(index);
    showControls(stack);
    if (loaded && canvas) paint(canvas, loaded);
    else if (loader.state(index) === "failed") cover(stack, failureWords(noun(stack), loader.failure(index)), true);
    else cover(stack, `${noun(stack)} is loading.`, false);
    showProgress(stack, loader.loaded(), loader.expected());
    loader.lookAt(index);
  }

  function paint(on: PixelCanvas, shown: Picture): void {
    const { place } = stack;
    const { header, decoded } = shown;
    const isInverted = stack.isInverted !== header.isInverted;
    on.paint({ series: seriesOf(stack), index: place.image, header, decoded, window: windowFor(stack, shown), isInverted });
  }

  /** What was drawn is named, whatever was wanted; while the wanted picture is missing the cover stays. */
  function painted(name: string): void {
    const drawn = findImage(stack.list, name);
    if (!drawn || isResting || !picture()) return;
    const isCovered = !stack.view.cover.hidden;
    if (name === imageName(imageOf(stack)) || !isCovered) uncover(stack, drawn);
  }

  return {
    show,
    picture,
    window: () => {
      const shown = picture();
      return shown ? windowFor(stack, shown) : null;
    },
    canvas: () => canvas,
    isTooLarge: () => wanted().expected() < seriesOf(stack).images.length,
    everyPicture: () => everyPicture(wanted(), seriesOf(stack).images.length),
    rest: (resting) => { isResting = resting; },
    close: () => {
      isResting = true;
      loaders.close();
      canvas?.close();
    },
    retry: () => { wanted().retry(stack.place.image); },
    retryFailed: () => { wanted().retryFailed(); },
  };
}

const fitting = new WeakMap<Decoded, Window>();

function windowFor(stack: Stack, { header, decoded }: Picture): Window {
  const preset = PRESETS[stack.window].values;
  if (stack.dragged) return stack.dragged;
  if (preset) return { center: preset[0], width: preset[1], kind: "LINEAR" };
  if (header.window) return header.window;
  const found = fitting.get(decoded) ?? fittingWindow(decoded.values, header.columns);
  fitting.set(decoded, found);
  return found;
}

function everyPicture(loader: Loader<Picture>, count: number): Picture[] | null {
  const all = Array.from({ length: count }, (_, index) => loader.picture(index));
  return all.every((each) => each !== undefined) ? all : null;
}

async function loadPicture(series: Series, image: StackImage): Promise<Picture> {
  const [header, bytes] = await Promise.all([headerOf(series, image), fetchFrame(frameAddress(image))]);
  const decoded = await decode(bytes, header);
  largest.set(series, Math.max(largest.get(series) ?? 0, decoded.values.byteLength));
  return { name: imageName(image), header, decoded };
}

const largest = new WeakMap<Series, number>();
const USUAL_BYTES = 512 * 512 * 2;

/** How many slices of a series are kept, by the largest that came; before that, by what is usual. */
function capacityOf(series: Series): number {
  const isSmall = matchMedia("(pointer: coarse)").matches;
  const usual = series.modality === "CT" ? USUAL_BYTES : 16 * USUAL_BYTES;
  return keptSlices(isSmall ? SMALL_MEMORY : MEMORY, largest.get(series) ?? usual);
}

export function keptSlices(memory: number, sliceBytes: number): number {
  return Math.max(LEAST_KEPT, Math.floor(memory / sliceBytes));
}
