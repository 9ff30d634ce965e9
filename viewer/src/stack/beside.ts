import { element } from "../elements";
import { caption, createSideBar, type SideBar } from "./beside-bar";
import { firstImage, seriesBeside } from "./hanging";
import type { Action } from "./keyboard";
import { linkedAt, lineOf, linkOf, sliceBeside, type Line, type Link } from "./linking";
import { headersOf } from "./pixels/headers";
import { BESIDE } from "./reporting";
import { seriesOf, type Screen, type Stack } from "./stack";
import { windowsOf } from "./windows";

/** A second series beside the first, which scrolls along with it. */
export interface Beside {
  toggle(): void;
  /** Lets the two scroll together, or each on its own. */
  toggleLink(): void;
  close(): void;
}

export interface Starting {
  act: (stack: Stack, action: Action) => void;
  /** Starts a stack that leaves the address and the teaching points to another. */
  start: (root: HTMLElement, series: number, act: (action: Action) => void) => Stack;
}

interface Pair {
  first: Stack;
  second: Stack;
  bar: SideBar;
  link: Link | null;
  isLinked: boolean;
  /** Which two series the link is of. */
  names: string;
  close: () => void;
}

// what the one that is looked at does alone; everything else is done to both
const OWN: readonly Action["kind"][] = ["move", "first", "last", "undo"];
const SHARED: readonly Action["kind"][] = ["mode", "zoom", "pan", "rotate", "mirror"];

export function createBeside(first: Stack, starting: Starting): Beside {
  let pair: Pair | null = null;

  function show(isOpen: boolean): void {
    first.view.beside.setAttribute("aria-pressed", String(isOpen));
    first.view.panes.classList.toggle("app-stack__panes--two", isOpen);
  }

  function close(): void {
    pair?.close();
    pair = null;
    show(false);
  }

  return {
    toggle() {
      if (pair) {
        close();
        return;
      }
      const series = seriesBeside(first.list, first.place.series);
      if (series === null) return;
      show(true);
      pair = opened(first, series, starting);
      pair.bar.close.addEventListener("click", () => {
        close();
        // the button is gone, and the focus with it
        first.view.viewport.focus();
      });
    },
    toggleLink() {
      if (pair) toggleLink(pair);
    },
    close,
  };
}

function opened(first: Stack, series: number, { act, start }: Starting): Pair {
  const root = element("section", { className: "app-stack app-stack--beside" });
  root.setAttribute("aria-label", "Series beside");
  Object.assign(root.dataset, first.root.dataset);
  const bar = createSideBar(first.list);
  first.view.panes.before(bar.element);
  first.view.panes.append(root);
  const second: Stack = start(root, series, (action) => {
    if (OWN.includes(action.kind)) act(second, action);
    else if (action.kind === "series") showOther(action.by);
    else act(first, action);
  });
  const showOther = (by: number): void => {
    const isFirst = second.place.series + by === first.place.series;
    act(second, { kind: "series", by: isFirst ? 2 * by : by });
  };
  const pair = joined(first, second, bar, root);
  bar.select.addEventListener("change", () => {
    act(second, { kind: "series", by: Number(bar.select.value) - second.place.series });
  });
  bar.link.addEventListener("click", () => {
    toggleLink(pair);
  });
  first.root.dispatchEvent(new CustomEvent(BESIDE, { detail: second }));
  first.screen.show();
  return pair;
}

/** Two stacks of which each hears what the other does. */
function joined(first: Stack, second: Stack, bar: SideBar, root: HTMLElement): Pair {
  const [own, other] = [first.screen, second.screen];
  const pair: Pair = { first, second, bar, link: null, isLinked: true, names: "", close: () => undefined };
  first.screen = withOther(own, other, () => {
    keepApart(pair);
    follow(pair, first, second);
    other.show();
    void meet(pair);
  });
  second.screen = {
    ...other,
    show() {
      other.show();
      follow(pair, second, first);
      own.show();
      void meet(pair);
    },
  };
  const both = first.screen;
  pair.close = () => {
    // a page that fell back to rendered pictures has another screen by now
    if (first.screen === both) first.screen = own;
    first.root.dispatchEvent(new CustomEvent(BESIDE, { detail: null }));
    other.close?.();
    root.remove();
    bar.element.remove();
    caption(first.view, null);
  };
  return pair;
}

function withOther(own: Screen, other: Screen, shown: () => void): Screen {
  const both: Screen = {
    ...own,
    show() {
      own.show();
      shown();
    },
    reset() {
      own.reset?.();
      other.reset?.();
    },
  };
  if (own.act) {
    both.act = (action) => {
      own.act?.(action);
      if (SHARED.includes(action.kind)) other.act?.(action);
    };
  }
  return both;
}

/** Nobody compares a series with itself: another takes the place beside. */
function keepApart({ first, second }: Pair): void {
  if (first.place.series !== second.place.series) return;
  const series = seriesBeside(first.list, first.place.series) ?? 0;
  second.place = { series, image: firstImage(first.list[series]) };
}

/** Brings the other one's window, and its slice if they are linked, to what this one shows. */
function follow(pair: Pair, from: Stack, to: Stack): void {
  const { first, second, bar, link } = pair;
  // the one that is moved by hand says where it is
  to.wasMoved = false;
  to.isInverted = from.isInverted;
  if (seriesOf(from).modality === seriesOf(to).modality) to.dragged = from.dragged;
  if (windowsOf(seriesOf(to)).includes(from.window)) to.window = from.window;
  if (link && pair.isLinked && pair.names === namesOf(pair)) {
    const image = sliceBeside(link, from.place.image, from === first);
    if (image !== to.place.image) to.place = { series: to.place.series, image };
  }
  for (const stack of [first, second]) caption(stack.view, seriesOf(stack));
  bar.show(first.place.series, second.place.series);
}

function namesOf({ first, second }: Pair): string {
  return `${first.place.series} ${second.place.series}`;
}

/** Finds out where the slices of both series lie, once for every two of them. */
async function meet(pair: Pair): Promise<void> {
  const names = namesOf(pair);
  if (pair.names === names) return;
  Object.assign(pair, { names, link: null });
  pair.bar.say("", false, false);
  const [first, second] = await Promise.all([pair.first, pair.second].map(lineOfShown));
  // another may stand there meanwhile
  if (pair.names !== names) return;
  pair.link = first && second ? linkOf(first, second) : null;
  pair.isLinked = pair.link !== null;
  const why = first && second ? "lie in different planes" : "do not all say where they lie";
  pair.bar.say(linkWords(pair.link, why), pair.isLinked, pair.isLinked);
  if (pair.link) pair.first.screen.show();
}

function lineOfShown(stack: Stack): Promise<Line | null> {
  return headersOf(seriesOf(stack)).then(lineOf, () => null);
}

function linkWords(link: Link | null, why: string): string {
  if (!link) return `The slices of these two ${why}, so each scrolls on its own.`;
  if (link.isSameFrame) return "They scroll together by their place in the patient.";
  return "They scroll together from the middle of each. To match a level, let each scroll on its own first.";
}

function toggleLink(pair: Pair): void {
  const { first, second, link } = pair;
  if (!link) return;
  pair.isLinked = !pair.isLinked;
  if (pair.isLinked) pair.link = linkedAt(link, first.place.image, second.place.image);
  pair.bar.say(pair.isLinked ? FROM_HERE : APART, pair.isLinked, true);
}

const FROM_HERE = "They scroll together from these two slices.";
const APART = "Each scrolls on its own. Find the same level in both, then let them scroll together.";
