import type { WindowName } from "./windows";

export type Action =
  | { kind: "move"; by: number }
  | { kind: "first" }
  | { kind: "last" }
  | { kind: "window"; name: WindowName }
  | { kind: "series"; by: 1 | -1 }
  | { kind: "invert" }
  | { kind: "reset" }
  | { kind: "full-screen" };

export interface Key {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
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
  i: { kind: "invert" },
  r: { kind: "reset" },
  f: { kind: "full-screen" },
};

/** What a key does while the image has the focus; null leaves it to the browser, so Tab is never trapped. */
export function keyAction(key: Key): Action | null {
  if (key.altKey || key.ctrlKey || key.metaKey) return null;
  return ACTIONS[key.key.length === 1 ? key.key.toLowerCase() : key.key] ?? null;
}
