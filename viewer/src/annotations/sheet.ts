import type { Pair } from "../stack/projection";
import { samePairs, type Annotation } from "./annotation";
import type { Answer, Client } from "./client";

/** How one drawing should be. */
export interface Wanted {
  readonly pairs: readonly Pair[];
  readonly text: string;
  readonly isGone: boolean;
}

interface Item {
  drawing: Annotation; // its version is the server's
  wanted: Wanted;
  /** What the server holds; null before the first answer. */
  saved: Wanted | null;
  trouble: Trouble | null;
  isSending: boolean;
}

/** Why something is not saved. */
export type Trouble =
  | { kind: "stale"; message: string; theirs: Annotation | null }
  | { kind: "refused"; message: string }
  | { kind: "unreachable" };

/** Everything drawn on a page: what is wanted is on screen at once, and the server is brought there. */
export interface Sheet {
  drawings(): Annotation[];
  trouble(id: string): Trouble | null;
  /** "saved", "saving", or the worst of what went wrong. */
  state(): "saved" | "saving" | Trouble["kind"];
  /** Takes what the server lists, but for what is not saved yet. */
  adopt: (listed: readonly Annotation[]) => void;
  draw(drawing: Annotation): void;
  change(id: string, wanted: Partial<Wanted>): void;
  undo(): string | null;
  mayUndo(): boolean;
  keepMine(id: string): string;
  takeTheirs(id: string): void;
  retry(): void;
}

const MOST_UNDO = 100;
const RETRY = 5000; // milliseconds

export function createSheet(client: Client, onChange: () => void, newId: () => string, retryAfter = RETRY): Sheet {
  const items = new Map<string, Item>();
  const { settle, retry } = createCourier(items, client, onChange, retryAfter);
  const done: { id: string; before: Wanted }[] = [];

  const item = (id: string): Item => items.get(id) as Item;

  function want(of: Item, wanted: Wanted): void {
    // as the server writes it, or it would never be the same
    of.wanted = { ...wanted, text: wanted.text.trim().replace(/\s+/g, " ") };
    if (of.trouble?.kind === "refused") of.trouble = null;
    void settle(of);
    onChange();
  }

  return {
    drawings: () => [...items.values()].filter(({ wanted }) => !wanted.isGone).map(shown),
    trouble: (id) => items.get(id)?.trouble ?? null,
    state: () => stateOf([...items.values()]),
    adopt(listed) {
      const known = new Set(listed.map(({ id }) => id));
      for (const [id, each] of items) if (isSettled(each) && !known.has(id) && !each.wanted.isGone) items.delete(id);
      for (const drawing of listed) {
        const mine = items.get(drawing.id);
        if (mine && (!isSettled(mine) || mine.drawing.version >= drawing.version)) continue;
        const now = held(drawing, false);
        items.set(drawing.id, { drawing, wanted: now, saved: now, trouble: null, isSending: false });
      }
      onChange();
    },
    draw(drawing) {
      const made: Item = { drawing, wanted: held(drawing, true), saved: null, trouble: null, isSending: false };
      items.set(drawing.id, made);
      remember(done, made);
      want(made, held(drawing, false));
    },
    change(id, wanted) {
      remember(done, item(id));
      want(item(id), { ...item(id).wanted, ...wanted });
    },
    undo() {
      const last = done.pop();
      const mine = last && items.get(last.id);
      if (!mine) return null;
      want(mine, last.before);
      return last.id;
    },
    mayUndo: () => done.length > 0,
    keepMine(id) {
      const mine = item(id);
      const theirs = mine.trouble?.kind === "stale" ? mine.trouble.theirs : null;
      mine.trouble = null;
      if (theirs) {
        mine.drawing = theirs;
        mine.saved = held(theirs, false);
        want(mine, mine.wanted);
        return id;
      }
      // it was deleted meanwhile: mine is drawn anew
      items.delete(id);
      const again = { ...shown(mine), id: newId(), version: 0 };
      this.draw(again);
      return again.id;
    },
    takeTheirs(id) {
      const mine = item(id);
      const theirs = mine.trouble?.kind === "stale" ? mine.trouble.theirs : null;
      if (!theirs) items.delete(id);
      else items.set(id, { ...mine, drawing: theirs, wanted: held(theirs, false), saved: held(theirs, false), trouble: null });
      onChange();
    },
    retry,
  };
}

interface Courier {
  settle: (of: Item) => Promise<void>;
  retry: () => void;
}

function createCourier(items: ReadonlyMap<string, Item>, client: Client, onChange: () => void, retryAfter: number): Courier {
  /** One request at a time, until the server holds what is wanted. */
  async function settle(of: Item): Promise<void> {
    if (of.isSending) return;
    of.isSending = true;
    while (!of.trouble && !isSame(of.wanted, of.saved)) {
      const aim = of.wanted;
      if (!of.saved && aim.isGone) of.saved = aim;
      else take(of, aim, await send(of, aim));
      onChange();
    }
    of.isSending = false;
    if (of.trouble?.kind === "unreachable") setTimeout(retry, retryAfter);
    onChange();
  }

  function send(of: Item, { pairs, text, isGone }: Wanted): Promise<Answer> {
    const drawing = { ...of.drawing, pairs, text };
    if (!of.saved) return client.draw(drawing);
    if (isGone) return client.rubOut(drawing);
    return of.saved.isGone ? client.restore(drawing) : client.redraw(drawing);
  }

  function take(of: Item, aim: Wanted, answer: Answer): void {
    if (answer.kind === "done") {
      of.drawing = answer.annotation;
      of.saved = held(answer.annotation, aim.isGone);
    } else if (answer.kind === "stale" && isSame(aim, heldOr(answer.annotation))) {
      // an answer was lost on its way: this is what was asked for
      of.drawing = answer.annotation ?? { ...of.drawing, version: of.drawing.version + 1 };
      of.saved = aim;
    } else {
      of.trouble = answer.kind === "stale" ? { kind: "stale", message: answer.message, theirs: answer.annotation } : answer;
    }
  }

  function retry(): void {
    for (const each of items.values()) {
      if (each.trouble && each.trouble.kind !== "stale") each.trouble = null;
      void settle(each);
    }
    onChange();
  }

  return { settle, retry };
}

function remember(done: { id: string; before: Wanted }[], { drawing, wanted }: Item): void {
  done.push({ id: drawing.id, before: wanted });
  if (done.length > MOST_UNDO) done.shift();
}

function shown({ drawing, wanted }: Item): Annotation {
  return { ...drawing, pairs: wanted.pairs, text: wanted.text };
}

const held = ({ pairs, text }: Annotation, isGone: boolean): Wanted => ({ pairs, text, isGone });
const heldOr = (annotation: Annotation | null): Wanted => (annotation ? held(annotation, false) : { pairs: [], text: "", isGone: true });

function isSame(wanted: Wanted, saved: Wanted | null): boolean {
  if (!saved || wanted.isGone || saved.isGone) return saved !== null && wanted.isGone === saved.isGone;
  return wanted.text === saved.text && samePairs(wanted.pairs, saved.pairs);
}

const isSettled = (item: Item): boolean => !item.trouble && !item.isSending && isSame(item.wanted, item.saved);

function stateOf(items: readonly Item[]): ReturnType<Sheet["state"]> {
  for (const kind of ["stale", "refused", "unreachable"] as const) {
    if (items.some(({ trouble }) => trouble?.kind === kind)) return kind;
  }
  return items.every(isSettled) ? "saved" : "saving";
}
