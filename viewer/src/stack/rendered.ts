import { imageName } from "./address";
import { failureWords, LoadError, type Loader } from "./loading";
import { draw, wipe } from "./pictures";
import { imageOf, loaderOf, noun, positionWords, seriesOf, windowWords, type Stack } from "./stack";
import { markTeachingPoints } from "./teaching-points";
import { windowsOf } from "./windows";

/** The loader of what is wanted, which reports back here. */
export function wantedLoader(stack: Stack): Loader {
  return loaderOf(stack, (loader, index) => {
    if (wantedLoader(stack) !== loader) return;
    if (index === stack.place.image) show(stack);
    else showProgress(stack, loader);
  });
}

/** Puts the wanted picture on screen, or covers the old one until it can. */
export function show(stack: Stack): void {
  const loader = wantedLoader(stack);
  const index = stack.place.image;
  const blob = loader.blob(index);
  const bitmap = blob && stack.pictures.get(blob);
  if (bitmap) {
    draw(stack.view.canvas, bitmap, imageOf(stack).pixelSpacing);
    uncover(stack);
  } else if (loader.state(index) === "failed") {
    cover(stack, failureWords(noun(stack), loader.failure(index)), true);
  } else {
    cover(stack, `${noun(stack)} is loading.`, false);
    if (blob) void decodeWanted(stack, blob);
  }
  showControls(stack);
  showProgress(stack, loader);
  loader.lookAt(index);
  decodeNeighbours(stack, loader);
}

async function decodeWanted(stack: Stack, blob: Blob): Promise<void> {
  const decoded = await stack.pictures.decode(blob).catch(() => null);
  // the person may have moved on meanwhile
  if (wantedLoader(stack).blob(stack.place.image) !== blob) return;
  if (decoded) show(stack);
  else cover(stack, failureWords(noun(stack), new LoadError(200)), false);
}

function decodeNeighbours(stack: Stack, loader: Loader): void {
  const { image } = stack.place;
  for (const index of [image + 1, image - 1, image + 2]) {
    const blob = loader.blob(index);
    // a neighbour that cannot be decoded says so when it is looked at
    if (blob && !stack.pictures.get(blob)) stack.pictures.decode(blob).catch(() => undefined);
  }
}

function cover(stack: Stack, words: string, mayRetry: boolean): void {
  const { view } = stack;
  wipe(view.canvas);
  delete view.viewport.dataset["shown"];
  view.canvas.setAttribute("aria-label", words);
  view.coverWords.textContent = words;
  view.tryAgain.hidden = !mayRetry;
  view.cover.hidden = false;
  markTeachingPoints(null);
  if (mayRetry) stack.say(words);
}

function uncover(stack: Stack): void {
  const { view } = stack;
  const name = imageName(imageOf(stack));
  const words = `${positionWords(stack)}, ${windowWords(stack)}`;
  view.cover.hidden = true;
  // what is really drawn, for styles and tests
  view.viewport.dataset["shown"] = name;
  view.viewport.dataset["window"] = stack.window;
  view.canvas.setAttribute("aria-label", `${seriesOf(stack).label}, ${words}`);
  markTeachingPoints(name);
  if (stack.wasMoved) stack.say(words);
}

function showControls(stack: Stack): void {
  const { view } = stack;
  const series = seriesOf(stack);
  const count = series.images.length;
  view.position.textContent = positionWords(stack);
  view.slider.max = String(count);
  view.slider.value = String(stack.place.image + 1);
  view.slider.hidden = count === 1;
  view.slider.setAttribute("aria-valuetext", positionWords(stack));
  const windows = windowsOf(series);
  for (const [name, button] of view.windowButtons) {
    // one window is no choice
    button.hidden = windows.length < 2 || !windows.includes(name);
    button.setAttribute("aria-pressed", String(name === stack.window));
  }
  for (const [index, button] of view.seriesButtons.entries()) {
    button.setAttribute("aria-pressed", String(index === stack.place.series));
  }
  view.invert.setAttribute("aria-pressed", String(stack.isInverted));
  view.canvas.classList.toggle("app-stack__canvas--inverted", stack.isInverted);
}

function showProgress(stack: Stack, loader: Loader): void {
  const count = seriesOf(stack).images.length;
  const loaded = loader.loaded();
  const isWhole = loaded === count;
  stack.view.loading.textContent = isWhole ? "" : `${Math.floor((100 * loaded) / count)} % loaded`;
  stack.view.bar.value = loaded / count;
  stack.view.bar.classList.toggle("app-stack__bar--whole", isWhole);
}
