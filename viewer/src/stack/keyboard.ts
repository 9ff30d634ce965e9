import type { Mode } from "./pointing";
import type { WindowName } from "./windows";

export type Action =
  | { kind: "move"; by: number }
  | { kind: "first" }
  | { kind: "last" }
  | { kind: "window"; name: WindowName }
  | { kind: "series"; by: number }
  | { kind: "beside" }
  | { kind: "link" }
  | { kind: "invert" }
  | { kind: "reset" }
  | { kind: "full-screen" }
  | { kind: "help" }
  | PixelAction;

/** What only pixels drawn here can do. */
export type PixelAction =
  | { kind: "mode"; mode: Mode }
  | { kind: "zoom"; by: number }
  | { kind: "pan"; across: number; down: number }
  | { kind: "rotate" }
  | { kind: "mirror" }
  | { kind: "play" }
  | { kind: "center"; by: number }
  | { kind: "width"; by: number }
  | { kind: "undo" }
  | { kind: "planes" }
  | { kind: "projection" }
  | { kind: "thickness"; by: 1 | -1 };

const OF_PIXELS: readonly string[] = ["mode", "zoom", "pan", "rotate", "mirror", "play", "center", "width", "undo", "planes", "projection", "thickness"];

export function isOfPixels(action: Action): action is PixelAction {
  return OF_PIXELS.includes(action.kind);
}

export interface Key {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey?: boolean;
}

export const PAGE = 10;

const ACTIONS: Readonly<Record<string, Action>> = {
  ArrowDown: { kind: "move", by: 1 },
  ArrowRight: { kind: "move", by: 1 },
  ArrowUp: { kind: "move", by: -1 },
  ArrowLeft: { kind: "move", by: -1 },
  PageDown: { kind: "move", by: PAGE },
  PageUp: { kind: "move", by: -PAGE },
  Home: { kind: "first" },
  End: { kind: "last" },
  "1": { kind: "window", name: "lung" },
  "2": { kind: "window", name: "mediastinum" },
  "3": { kind: "window", name: "bone" },
  "4": { kind: "window", name: "soft-tissue" },
  "5": { kind: "window", name: "pe" },
  "6": { kind: "window", name: "own" },
  "]": { kind: "series", by: 1 },
  "[": { kind: "series", by: -1 },
  c: { kind: "beside" },
  k: { kind: "link" },
  i: { kind: "invert" },
  r: { kind: "reset" },
  f: { kind: "full-screen" },
  "?": { kind: "help" },
  "+": { kind: "zoom", by: 1.25 },
  "=": { kind: "zoom", by: 1.25 },
  "-": { kind: "zoom", by: 0.8 },
  o: { kind: "rotate" },
  h: { kind: "mirror" },
  p: { kind: "planes" },
  b: { kind: "projection" },
  t: { kind: "thickness", by: 1 },
  y: { kind: "thickness", by: -1 },
  " ": { kind: "play" },
  ",": { kind: "center", by: -1 },
  ".": { kind: "center", by: 1 },
  "<": { kind: "width", by: -1 },
  ">": { kind: "width", by: 1 },
  s: { kind: "mode", mode: "scroll" },
  w: { kind: "mode", mode: "window" },
  z: { kind: "mode", mode: "zoom" },
  m: { kind: "mode", mode: "move" },
  l: { kind: "mode", mode: "length" },
  a: { kind: "mode", mode: "angle" },
  q: { kind: "mode", mode: "rectangle" },
  e: { kind: "mode", mode: "ellipse" },
  d: { kind: "mode", mode: "arrow" },
  Delete: { kind: "undo" },
  Backspace: { kind: "undo" },
};

const MOVE = 20; // pixels of the page

const SHIFTED: Readonly<Record<string, Action>> = {
  ArrowDown: { kind: "pan", across: 0, down: MOVE },
  ArrowUp: { kind: "pan", across: 0, down: -MOVE },
  ArrowLeft: { kind: "pan", across: -MOVE, down: 0 },
  ArrowRight: { kind: "pan", across: MOVE, down: 0 },
};

/** What a key does while the image has the focus; null leaves it to the browser, so Tab is never trapped. */
export function keyAction(key: Key): Action | null {
  if (key.altKey || key.ctrlKey || key.metaKey) return null;
  const shifted = key.shiftKey ? SHIFTED[key.key] : undefined;
  if (shifted) return shifted;
  return ACTIONS[key.key.length === 1 ? key.key.toLowerCase() : key.key] ?? null;
}
