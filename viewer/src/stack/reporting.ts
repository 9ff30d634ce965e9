import { imageName, type Place } from "./address";
import { imageOf, positionWords, seriesOf, windowWords, type Stack } from "./stack";
import { markTeachingPoints } from "./teaching-points";
import { windowsOf } from "./windows";

/** What whoever draws over the picture listens to, on the stack's element. */
export const DRAWN = "stack-drawn";
export const COVERED = "stack-covered";
/** Another stack stands beside this one from now on: the event's detail; null when it goes away. */
export const BESIDE = "stack-beside";

const WHOLE = "app-stack__bar--whole";

/** Hides the picture and says why the wanted one is not there. */
export function cover(stack: Stack, words: string, mayRetry: boolean): void {
  const { view } = stack;
  delete view.viewport.dataset["shown"];
  view.picture.setAttribute("aria-label", words);
  view.coverWords.textContent = words;
  view.tryAgain.hidden = !mayRetry;
  view.cover.hidden = false;
  nameSlice(stack, stack.place);
  if (!stack.isBeside) markTeachingPoints(null);
  stack.root.dispatchEvent(new CustomEvent(COVERED));
  if (mayRetry) stack.say(words);
}

/** Names the slice that was just drawn; called by whoever drew it, with what it drew. */
export function uncover(stack: Stack, drawn: Place): void {
  const { view } = stack;
  const name = imageName(imageOf(stack, drawn));
  const words = `${positionWords(stack, drawn)}, ${windowWords(stack)}`;
  const window = stack.dragged ? "dragged" : stack.window;
  view.cover.hidden = true;
  nameSlice(stack, drawn);
  stack.root.dispatchEvent(new CustomEvent(DRAWN, { detail: name }));
  if (view.viewport.dataset["shown"] === name && view.viewport.dataset["words"] === words) return;
  // what is really drawn, for styles and tests
  view.viewport.dataset["shown"] = name;
  view.viewport.dataset["window"] = window;
  view.viewport.dataset["words"] = words;
  view.picture.setAttribute("aria-label", `${seriesOf(stack, drawn).label}, ${words}`);
  if (!stack.isBeside) markTeachingPoints(name);
  if (stack.wasMoved) stack.say(words);
}

function nameSlice(stack: Stack, place: Place): void {
  const { view } = stack;
  const words = positionWords(stack, place);
  if (view.position.textContent === words) return;
  view.position.textContent = words;
  view.slider.setAttribute("aria-valuetext", words);
}

export function showControls(stack: Stack): void {
  const { view } = stack;
  const series = seriesOf(stack);
  const count = series.images.length;
  view.slider.max = String(count);
  view.slider.value = String(stack.place.image + 1);
  view.slider.hidden = count === 1;
  const windows = windowsOf(series);
  for (const [name, button] of view.windowButtons) {
    // one window is no choice, unless another can be dragged
    button.hidden = (windows.length < 2 && !stack.dragged) || !windows.includes(name);
    button.setAttribute("aria-pressed", String(name === stack.window && !stack.dragged));
  }
  for (const [index, button] of view.seriesButtons.entries()) {
    button.setAttribute("aria-pressed", String(index === stack.place.series));
  }
  view.invert.setAttribute("aria-pressed", String(stack.isInverted));
}

export function showProgress(stack: Stack, loaded: number, expected: number): void {
  const { loading, bar } = stack.view;
  const isWhole = loaded >= expected;
  const words = isWhole ? "" : `${Math.floor((100 * loaded) / expected)} % loaded`;
  // what changes has the page laid out again, and each of hundreds of slices tells of itself twice
  if (loading.textContent === words && bar.classList.contains(WHOLE) === isWhole) return;
  loading.textContent = words;
  bar.value = loaded / expected;
  bar.classList.toggle(WHOLE, isWhole);
}
