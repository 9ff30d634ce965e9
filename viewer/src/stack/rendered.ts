import { element } from "../elements";
import { fetchPicture } from "./fetching";
import { createLoaders } from "./loaders";
import { createLoader, DAMAGED, failureWords, LoadError, type Loader } from "./loading";
import { createPictures, draw, wipe } from "./pictures";
import { containedIn } from "./projection";
import { cover, showControls, showProgress, uncover } from "./reporting";
import { imageOf, noun, seriesOf, type Screen, type Stack } from "./stack";
import { imageAddress } from "./windows";

const LOADERS_KEPT = 4; // sets of pictures, one for each series and window looked at

/** Shows the pictures the site renders: what there is without WebGL. */
export function createRenderedScreen(stack: Stack): Screen {
  const canvas = element("canvas", { className: "app-stack__canvas" });
  stack.view.picture.replaceChildren(canvas);
  const pictures = createPictures();
  const loaders = createLoaders(LOADERS_KEPT, newLoader);

  function newLoader(): Loader<Blob> {
    const { images } = seriesOf(stack);
    const name = stack.window;
    const made: Loader<Blob> = createLoader({
      count: images.length,
      load: (index) => fetchPicture(imageAddress(images[index] as (typeof images)[number], name)),
      onChange: (index) => {
        if (wanted() !== made) return;
        if (index === stack.place.image) show();
        else showProgress(stack, made.loaded(), made.expected());
      },
    });
    return made;
  }

  function wanted(): Loader<Blob> {
    return loaders.get(`${stack.place.series} ${stack.window}`);
  }

  function show(): void {
    const loader = wanted();
    const index = stack.place.image;
    const blob = loader.picture(index);
    const bitmap = blob && pictures.get(blob);
    showControls(stack);
    canvas.classList.toggle("app-stack__canvas--inverted", stack.isInverted);
    if (bitmap) {
      draw(canvas, bitmap, imageOf(stack).pixelSpacing);
      uncover(stack, stack.place);
    } else if (loader.state(index) === "failed") {
      hide(failureWords(noun(stack), loader.failure(index)), true);
    } else {
      hide(`${noun(stack)} is loading.`, false);
      if (blob) void decodeWanted(blob);
    }
    showProgress(stack, loader.loaded(), loader.expected());
    loader.lookAt(index);
    decodeNeighbours(loader);
  }

  function hide(words: string, mayRetry: boolean): void {
    wipe(canvas);
    cover(stack, words, mayRetry);
  }

  async function decodeWanted(blob: Blob): Promise<void> {
    const decoded = await pictures.decode(blob).catch(() => null);
    // the person may have moved on meanwhile
    if (wanted().picture(stack.place.image) !== blob) return;
    if (decoded) show();
    else hide(failureWords(noun(stack), new LoadError(DAMAGED)), false);
  }

  function decodeNeighbours(loader: Loader<Blob>): void {
    const { image } = stack.place;
    for (const index of [image + 1, image - 1, image + 2]) {
      const blob = loader.picture(index);
      // a neighbour that cannot be decoded says so when it is looked at
      if (blob && !pictures.get(blob)) pictures.decode(blob).catch(() => undefined);
    }
  }

  return {
    show,
    projection: () => {
      const blob = wanted().picture(stack.place.image);
      const bitmap = blob && pictures.get(blob);
      if (!bitmap) return null;
      const size = { columns: bitmap.width, rows: bitmap.height, pixelSpacing: imageOf(stack).pixelSpacing };
      return containedIn(canvas.clientWidth, canvas.clientHeight, size);
    },
    close: () => {
      loaders.close();
    },
    retry: () => {
      wanted().retry(stack.place.image);
    },
    retryFailed: () => {
      wanted().retryFailed();
    },
  };
}
