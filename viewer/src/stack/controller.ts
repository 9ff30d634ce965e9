import { createAnnouncer } from "./announcements";
import { createBeside, type Beside } from "./beside";
import { findImage, imageName, readAddress, writeAddress, type Place } from "./address";
import { firstImage, firstPlace } from "./hanging";
import { isOfPixels, keyAction, type Action } from "./keyboard";
import { hasPixels } from "./pixels/addresses";
import { openPixels } from "./pixels/opening";
import { listenToPointer } from "./pointing";
import { createRenderedScreen } from "./rendered";
import type { Series } from "./series";
import { imageOf, seriesOf, type Screen, type Stack } from "./stack";
import { listenToTeachingPoints } from "./teaching-points";
import { buildView, type View } from "./view";
import { firstWindow, windowsOf, type WindowName } from "./windows";

const ADDRESS_PAUSE = 400; // milliseconds: browsers refuse a hundred address changes in half a minute

export function startStack(root: HTMLElement, view: View, list: readonly Series[]): Stack {
  const stack = newStack(root, view, list, firstPlace(list), false);
  const pair = createBeside(stack, { act, start: (...asked) => startBeside(list, ...asked) });
  besides.set(stack, pair);
  listenToImage(stack, (action) => {
    act(stack, action);
  });
  listenToButtons(stack);
  listenToPage(stack);
  openAsked(stack);
  stack.screen = openScreen(stack, () => {
    pair.close();
  });
  stack.screen.show();
  return stack;
}

const besides = new WeakMap<Stack, Beside>();

/** A stack without tools of its own; `act` decides what a key does to which of the two. */
function startBeside(list: readonly Series[], root: HTMLElement, index: number, act: (action: Action) => void): Stack {
  const place = { series: index, image: firstImage(list[index]) };
  const stack = newStack(root, buildView(root, list), list, place, true);
  listenToImage(stack, act);
  stack.screen = openScreen(stack, () => undefined);
  return stack;
}

function newStack(root: HTMLElement, view: View, list: readonly Series[], place: Place, isBeside: boolean): Stack {
  return {
    root,
    view,
    list,
    say: createAnnouncer(view.spoken),
    place,
    window: firstWindow(list[place.series] as Series),
    dragged: null,
    isInverted: false,
    mode: "scroll",
    isBeside,
    wasMoved: false,
    screen: NOTHING,
  };
}

const nothing = (): void => undefined;
const NOTHING: Screen = { show: nothing, retry: nothing, retryFailed: nothing };

/** The stored pixels where the browser can draw them, else the pictures the site renders. */
function openScreen(stack: Stack, onBroken: () => void): Screen {
  const root = stack.root.dataset["dicomwebRoot"];
  const isStored = root !== undefined && stack.list.every((series) => hasPixels(series, root));
  if (!isStored || !hasWebGl()) return createRenderedScreen(stack);
  return openPixels(stack, () => {
    onBroken();
    stack.mode = "scroll";
    stack.dragged = null;
    stack.screen = createRenderedScreen(stack);
    stack.screen.show();
  });
}

function hasWebGl(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  // browsers give a page a few contexts only
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null && "WebAssembly" in globalThis;
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
  if (wanted !== null) stack.dragged = null;
  stack.screen.show();
  if (!stack.isBeside) rememberAddress(stack);
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
  return writeAddress({ image: imageName(imageOf(stack)), window: stack.dragged ? null : stack.window });
}

function moveBy(stack: Stack, by: number): void {
  moveTo(stack, { series: stack.place.series, image: stack.place.image + by });
}

function showSeries(stack: Stack, index: number): void {
  const series = stack.list[index];
  if (!series || index === stack.place.series) return;
  stack.dragged = null;
  moveTo(stack, { series: index, image: firstImage(series) });
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
  stack.screen.show();
}

function reset(stack: Stack): void {
  const place = firstPlace(stack.list);
  stack.isInverted = false;
  stack.screen.reset?.();
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
  else if (action.kind === "help") openHelp(stack);
  else if (action.kind === "beside") besides.get(stack)?.toggle();
  else if (action.kind === "link") besides.get(stack)?.toggleLink();
  else if (action.kind === "full-screen") toggleFullScreen(stack);
  else stack.screen.act?.(action);
}

function openHelp({ view }: Stack): void {
  view.help.open = !view.help.open;
  if (view.help.open) view.help.querySelector("summary")?.focus();
}

function listenToImage(stack: Stack, act: (action: Action) => void): void {
  const { view } = stack;
  view.viewport.addEventListener("keydown", (event) => {
    const action = event.target === view.viewport ? keyAction(event) : null;
    // a key this screen has no use for stays the page's
    if (!action || (isOfPixels(action) && !stack.screen.act)) return;
    event.preventDefault();
    act(action);
  });
  listenToPointer(view.viewport, {
    count: () => seriesOf(stack).images.length,
    mode: () => stack.mode,
    isCovered: () => view.viewport.dataset["planes"] === "open",
    hasTools: () => stack.screen.drag !== undefined,
    move: (by) => {
      moveBy(stack, by);
    },
    drag: (mode, across, down) => stack.screen.drag?.(mode, across, down),
  });
  view.slider.addEventListener("input", () => {
    moveTo(stack, { series: stack.place.series, image: view.slider.valueAsNumber - 1 });
  });
  view.tryAgain.addEventListener("click", () => {
    stack.screen.retry();
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
  press(view.beside, () => {
    act(stack, { kind: "beside" });
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
    stack.screen.retryFailed();
  });
  listenToTeachingPoints((name, window) => showNamed(stack, name, window));
}
