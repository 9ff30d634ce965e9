import { element } from "../elements";
import { findImage } from "../stack/address";
import { BESIDE } from "../stack/reporting";
import { positionWords, seriesOf, type Stack } from "../stack/stack";
import { toolButton } from "../stack/view";
import { readAnnotations, wordsOf, type Annotation } from "./annotation";
import type { Layer } from "./layer";
import { createPane, type Pane } from "./pane";

/** The drawings of a page's images, seen by whoever sees the images. */
export interface Showing {
  readonly stack: Stack;
  readonly layer: Layer;
  /** Holds the list, and for who may draw what else is about drawings. */
  readonly panel: HTMLElement;
  /** The slice on screen; null while none is. */
  image(): string | null;
  chosen(): string | null;
  choose(id: string | null): void;
  /** What stands now; draws and lists it. */
  set(drawings: readonly Annotation[]): void;
  /** What moves under a pointer: drawn, in place of the one it changes, and not listed. */
  preview(drawing: Annotation | null): void;
  fetch(): Promise<Annotation[] | null>;
  /** Fetches and hands over what came. */
  load(): Promise<void>;
  /** Somebody draws here: what comes from the server and what is pointed at is theirs to know. */
  listen(ears: Ears): void;
}

export interface Ears {
  loaded(drawings: readonly Annotation[]): void;
  chosen(): void;
}

export function startShowing(stack: Stack, root: string, hasHandles: boolean): Showing {
  const { view } = stack;
  const { panel, list, problem, again } = buildPanel();
  view.help.before(panel);
  const hide = hideButton(stack);
  let drawings: readonly Annotation[] = [];
  let chosen: string | null = null;
  let ears: Ears | null = null;
  let moving: Annotation | null = null;
  let listed = "";

  const seen = (mayHold: boolean) => () => {
    if (isHidden(stack)) return null;
    const all = moving ? [...drawings.filter(({ id }) => id !== moving?.id), moving] : drawings;
    return { all, looks: { chosen, hasHandles: mayHold } };
  };
  const own = createPane(stack, seen(hasHandles));
  let beside: Pane | null = null;

  function refresh(): void {
    own.refresh();
    beside?.refresh();
    markRows(list, chosen);
  }

  const showing: Showing = {
    stack,
    layer: own.layer,
    panel,
    image: () => own.image(),
    chosen: () => chosen,
    choose(id) {
      chosen = id;
      refresh();
      ears?.chosen();
    },
    set(now) {
      drawings = now;
      hide.hidden = now.length === 0;
      panel.hidden = now.length === 0 && !hasHandles;
      const rows = inOrder(stack, now);
      const words = JSON.stringify(rows.map((drawing) => [drawing.id, drawing.image, wordsOf(drawing)]));
      // a row that is made anew loses the focus
      if (words !== listed) list.replaceChildren(...rows.map((drawing) => row(stack, drawing)));
      listed = words;
      refresh();
    },
    preview(drawing) {
      moving = drawing;
      refresh();
    },
    fetch: () => fetchAll(root),
    async load() {
      const loaded = await fetchAll(root);
      problem.hidden = loaded !== null;
      panel.hidden = false;
      if (loaded && ears) ears.loaded(loaded);
      else if (loaded) showing.set(loaded);
    },
    listen(given) {
      ears = given;
    },
  };
  // what is drawn on a series is seen wherever it stands, and held where it is drawn
  stack.root.addEventListener(BESIDE, (event) => {
    const { detail } = event as CustomEvent<Stack | null>;
    beside?.close();
    beside = detail && createPane(detail, seen(false));
  });
  hide.addEventListener("click", () => {
    hide.setAttribute("aria-pressed", String(isHidden(stack)));
    stack.root.classList.toggle("app-stack--bare");
    refresh();
  });
  again.addEventListener("click", () => void showing.load());
  listenToPointers(showing);
  return showing;
}

/** Links and rows that name a drawing bring out that one, beside bringing its slice on screen. */
function listenToPointers(showing: Showing): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-image]") : null;
    if (link) showing.choose(link.dataset["annotation"] ?? null);
  });
}

const isHidden = (stack: Stack): boolean => stack.root.classList.contains("app-stack--bare");

function hideButton({ view }: Stack): HTMLButtonElement {
  const button = toolButton("Drawings", "");
  button.setAttribute("aria-pressed", "true");
  button.hidden = true;
  view.reset.before(button);
  return button;
}

function buildPanel(): { panel: HTMLElement; list: HTMLUListElement; problem: HTMLElement; again: HTMLButtonElement } {
  const list = element("ul", { className: "app-drawings-list__rows" });
  const heading = element("p", { className: "app-drawings-list__heading" }, "Drawn on the images");
  const again = element("button", { type: "button", className: "app-stack__button" }, "Try again");
  const problem = element("p", { hidden: true }, "What is drawn on the images could not be loaded. ", again);
  problem.setAttribute("role", "alert");
  const panel = element("section", { className: "app-drawings-list" }, heading, problem, list);
  panel.setAttribute("aria-label", "Drawn on the images");
  return { panel, list, problem, again };
}

async function fetchAll(root: string): Promise<Annotation[] | null> {
  try {
    const answer = await fetch(root, { headers: { Accept: "application/json" } });
    return answer.ok ? readAnnotations(await answer.json()) : null;
  } catch {
    return null;
  }
}

/** Along the series of the page, slice by slice. */
function inOrder(stack: Stack, drawings: readonly Annotation[]): Annotation[] {
  const place = ({ image }: Annotation): number => {
    const found = findImage(stack.list, image);
    return found ? found.series * 1e6 + found.image : Infinity;
  };
  return drawings.filter((drawing) => place(drawing) !== Infinity).sort((one, other) => place(one) - place(other));
}

function row(stack: Stack, drawing: Annotation): HTMLLIElement {
  const place = findImage(stack.list, drawing.image);
  const where = place ? positionWords(stack, place) : "";
  const series = place && stack.list.length > 1 ? `, ${seriesOf(stack, place).label}` : "";
  const go = element("button", { type: "button", className: "app-drawings-list__go" }, wordsOf(drawing));
  go.append(element("span", { className: "app-drawings-list__where" }, `${where}${series}`));
  go.dataset["image"] = drawing.image;
  go.dataset["annotation"] = drawing.id;
  const item = element("li", {}, go);
  item.dataset["row"] = drawing.id;
  return item;
}

function markRows(list: HTMLElement, chosen: string | null): void {
  for (const item of list.children) item.classList.toggle("app-drawings-list__row--chosen", (item as HTMLElement).dataset["row"] === chosen);
}
