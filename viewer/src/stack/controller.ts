import { createAnnouncer } from "./announcements";
import { findImage, imageName, readAddress, writeAddress, type Place } from "./address";
import { firstImage, firstPlace } from "./hanging";
import { keyAction, type Action } from "./keyboard";
import { createPictures } from "./pictures";
import { listenToPointer } from "./pointing";
import type { Series } from "./series";
import { show, wantedLoader } from "./showing";
import { imageOf, seriesOf, type Stack } from "./stack";
import { listenToTeachingPoints } from "./teaching-points";
import type { View } from "./view";
import { firstWindow, windowsOf, type WindowName } from "./windows";

const ADDRESS_PAUSE = 400; // milliseconds: browsers refuse a hundred address changes in half a minute

export function startStack(root: HTMLElement, view: View, list: readonly Series[]): void {
  const place = firstPlace(list);
  const stack: Stack = {
    root,
    view,
    list,
    pictures: createPictures(),
    loaders: new Map(),
    say: createAnnouncer(view.spoken),
    place,
    window: firstWindow(list[place.series] as Series),
    isInverted: false,
    wasMoved: false,
  };
  listenToImage(stack);
  listenToButtons(stack);
  listenToPage(stack);
  openAsked(stack);
  show(stack);
}

/** A page opened with `#image=…`, or by a link that also works without script (`?image=…`), starts there. */
function openAsked(stack: Stack): void {
  const asked = readAddress(location.hash) ?? readAddress(location.search.replace(/^\?/, ""));
  const found = asked && findImage(stack.list, asked.image);
  if (!found) return;
  stack.place = found;
  stack.window = allowedWindow(stack, asked.window);
}

function allowedWindow(stack: Stack, wanted: WindowName | null): WindowName {
  const windows = windowsOf(seriesOf(stack));
  if (wanted !== null && windows.includes(wanted)) return wanted;
  return windows.includes(stack.window) ? stack.window : firstWindow(seriesOf(stack));
}

function moveTo(stack: Stack, next: Place, wanted: WindowName | null = null): void {
  stack.wasMoved = true;
  const last = (stack.list[next.series] as Series).images.length - 1;
  stack.place = { series: next.series, image: Math.max(0, Math.min(last, next.image)) };
  stack.window = allowedWindow(stack, wanted);
  show(stack);
  rememberAddress(stack);
}

const addressTimers = new WeakMap<Stack, ReturnType<typeof setTimeout>>();

function rememberAddress(stack: Stack): void {
  clearTimeout(addressTimers.get(stack));
  const write = (): void => {
    history.replaceState(history.state, "", currentAddress(stack));
  };
  addressTimers.set(stack, setTimeout(write, ADDRESS_PAUSE));
}

function currentAddress(stack: Stack): string {
  return writeAddress({ image: imageName(imageOf(stack)), window: stack.window });
}

function moveBy(stack: Stack, by: number): void {
  moveTo(stack, { series: stack.place.series, image: stack.place.image + by });
}

function showSeries(stack: Stack, index: number): void {
  const series = stack.list[index];
  if (series && index !== stack.place.series) moveTo(stack, { series: index, image: firstImage(series) });
}

function showNamed(stack: Stack, name: string, wanted: WindowName | null): boolean {
  const found = findImage(stack.list, name);
  if (!found) return false;
  moveTo(stack, found, wanted);
  stack.view.viewport.scrollIntoView({ block: "nearest" });
  return true;
}

function invert(stack: Stack): void {
  stack.isInverted = !stack.isInverted;
  stack.wasMoved = true;
  show(stack);
}

function reset(stack: Stack): void {
  const place = firstPlace(stack.list);
  stack.isInverted = false;
  moveTo(stack, place, firstWindow(stack.list[place.series] as Series));
}

function toggleFullScreen(stack: Stack): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else stack.root.requestFullscreen().catch(() => undefined);
}

function act(stack: Stack, action: Action): void {
  const { series } = stack.place;
  if (action.kind === "move") moveBy(stack, action.by);
  else if (action.kind === "first") moveTo(stack, { series, image: 0 });
  else if (action.kind === "last") moveTo(stack, { series, image: Infinity });
  else if (action.kind === "window") moveTo(stack, stack.place, action.name);
  else if (action.kind === "series") showSeries(stack, series + action.by);
  else if (action.kind === "invert") invert(stack);
  else if (action.kind === "reset") reset(stack);
  else toggleFullScreen(stack);
}

function listenToImage(stack: Stack): void {
  const { view } = stack;
  view.viewport.addEventListener("keydown", (event) => {
    const action = event.target === view.viewport ? keyAction(event) : null;
    if (!action) return;
    event.preventDefault();
    act(stack, action);
  });
  listenToPointer(
    view.viewport,
    () => seriesOf(stack).images.length,
    (by) => {
      moveBy(stack, by);
    },
  );
  view.slider.addEventListener("input", () => {
    moveTo(stack, { series: stack.place.series, image: view.slider.valueAsNumber - 1 });
  });
  view.tryAgain.addEventListener("click", () => {
    wantedLoader(stack).retry(stack.place.image);
    // the button is about to vanish, and the focus with it
    view.viewport.focus();
  });
}

function listenToButtons(stack: Stack): void {
  const { view } = stack;
  const press = (button: HTMLButtonElement, effect: () => void): void => {
    button.addEventListener("click", effect);
  };
  for (const [index, button] of view.seriesButtons.entries()) {
    press(button, () => {
      showSeries(stack, index);
    });
  }
  for (const [name, button] of view.windowButtons) {
    press(button, () => {
      act(stack, { kind: "window", name });
    });
  }
  press(view.invert, () => {
    act(stack, { kind: "invert" });
  });
  press(view.reset, () => {
    act(stack, { kind: "reset" });
  });
  press(view.fullScreen, () => {
    act(stack, { kind: "full-screen" });
  });
  view.fullScreen.hidden = !document.fullscreenEnabled;
  view.copy.hidden = !("clipboard" in navigator);
  press(view.copy, () => {
    const address = new URL(currentAddress(stack), location.href);
    address.search = "";
    navigator.clipboard.writeText(address.href).then(
      () => {
        stack.view.copied.textContent = "Link copied";
      },
      () => {
        stack.view.copied.textContent = "Link not copied";
      },
    );
  });
}

function listenToPage(stack: Stack): void {
  globalThis.addEventListener("hashchange", () => {
    const address = readAddress(location.hash);
    if (address) showNamed(stack, address.image, address.window);
  });
  globalThis.addEventListener("online", () => {
    wantedLoader(stack).retryFailed();
  });
  listenToTeachingPoints((name, window) => showNamed(stack, name, window));
}
