import { TOOL_NAMES } from "../annotations/annotation";
import { openPart, readRows, showPlaces } from "../annotations/places";
import { element, required } from "../elements";
import type { Pair } from "../stack/projection";
import { readPlacement, writePlacement, type Placement } from "./placement";

/** What a person may do about one finding. */
export interface Acts {
  place: () => void;
  takeOff: () => void;
  remove: () => void;
  move: (across: number, down: number) => void;
  pairs: (pairs: Pair[]) => void;
}

/** One finding of the form, and where on the images it lies. */
export interface Row {
  readonly id: string;
  /** Short UIDs of the series that a finding of this study may lie on. */
  readonly series: readonly string[];
  /** The finding's own name; empty while none is chosen. */
  meaning: () => string;
  /** "Crazy-paving, lower lobe". */
  words: () => string;
  placement: () => Placement | null;
  put: (placement: Placement | null) => void;
  clear: () => void;
  /** `where` says on which slice it lies, `isChosen` whether it is brought out. */
  show: (where: string, isChosen: boolean) => void;
  focus: () => void;
  focusMoves: () => void;
  bring: () => void;
  listen: (acts: Acts) => void;
}

const WAYS = [["Left", -1, 0], ["Right", 1, 0], ["Up", 0, -1], ["Down", 0, 1]] as const;

export function buildRow(root: HTMLElement): Row {
  const field = required(root, "[data-place]", HTMLInputElement);
  const selects = [...root.querySelectorAll("select")];
  const study = root.closest<HTMLElement>("[data-series]");
  const name = selects[0]?.labels[0]?.textContent.trim() ?? "";
  const parts = buildParts(name);
  required(root, "[data-place-acts]", HTMLElement).replaceChildren(...parts.all);
  const said = (): string[] => selects.filter(({ value }) => value).map(({ selectedOptions }) => selectedOptions[0]?.text ?? "");
  const tell = (): void => { field.dispatchEvent(new Event("change", { bubbles: true })); };
  let shown = "";

  const row: Row = {
    id: field.name.replace(/^place_/, ""),
    series: study?.dataset["series"]?.split(" ") ?? [],
    meaning: () => (selects[0]?.value ? (selects[0].selectedOptions[0]?.text ?? "") : ""),
    words: () => said().map((part, at) => (at === 0 ? part : part.toLowerCase())).join(", "),
    placement: () => readPlacement(field.value),
    put(placement) {
      field.value = writePlacement(placement);
      tell();
    },
    clear() {
      for (const select of selects) select.value = "";
      row.put(null);
    },
    show(where, isChosen) {
      const placement = row.placement();
      const isSame = shown === `${placement?.tool} ${placement?.pairs.length}`;
      shown = `${placement?.tool} ${placement?.pairs.length}`;
      const isFound = row.meaning() !== "" || placement !== null;
      parts.place.hidden = row.meaning() === "";
      parts.remove.hidden = !isFound;
      parts.placeWords.textContent = placement ? "Place again" : "Place on the image";
      for (const part of [parts.go, parts.off, parts.details]) part.hidden = placement === null;
      root.classList.toggle("app-reading__finding--chosen", isChosen && placement !== null);
      if (!placement) return;
      parts.goWords.textContent = `${TOOL_NAMES[placement.tool]} on ${where}`;
      parts.go.dataset["image"] = placement.image;
      parts.go.dataset["annotation"] = row.id;
      showPlaces(parts.numbers, openPart(placement.pairs), isSame);
    },
    focus: () => { (parts.go.hidden ? parts.place : parts.go).focus(); },
    focusMoves() {
      parts.details.open = true;
      parts.moves[0]?.focus();
    },
    bring: () => { parts.go.click(); },
    listen(acts) {
      parts.place.addEventListener("click", acts.place);
      parts.off.addEventListener("click", acts.takeOff);
      parts.remove.addEventListener("click", acts.remove);
      for (const [at, [, across, down]] of WAYS.entries()) {
        parts.moves[at]?.addEventListener("click", () => { acts.move(across, down); });
      }
      listenToNumbers(parts.numbers, row, acts);
    },
  };
  return row;
}

/** The numbers are no answers of the form, and Enter in one of them submits nothing. */
function listenToNumbers(numbers: HTMLElement, row: Row, acts: Acts): void {
  numbers.addEventListener("input", (event) => { event.stopPropagation(); });
  numbers.addEventListener("change", (event) => {
    event.stopPropagation();
    const placement = row.placement();
    const pairs = placement && readRows(numbers, placement.pairs);
    if (pairs) acts.pairs(pairs);
  });
  numbers.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.target?.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

interface Parts {
  all: HTMLElement[];
  go: HTMLButtonElement;
  goWords: HTMLElement;
  place: HTMLButtonElement;
  placeWords: HTMLElement;
  off: HTMLButtonElement;
  remove: HTMLButtonElement;
  details: HTMLDetailsElement;
  moves: HTMLButtonElement[];
  numbers: HTMLElement;
}

function buildParts(name: string): Parts {
  const [goWords, placeWords] = [element("span"), element("span")];
  const go = element("button", { type: "button", className: "app-reading__go" }, goWords, hidden(name));
  const place = button(placeWords, hidden(name));
  const off = button("Take off the image", hidden(name));
  const remove = button("Remove finding", hidden(name));
  const moves = WAYS.map(([way]) => button(way, hidden(`, move ${name.toLowerCase()}`)));
  const numbers = element("div", { className: "app-reading__numbers" });
  const details = element(
    "details",
    { className: "app-reading__moves" },
    element("summary", {}, "Move it", hidden(name)),
    element("div", { className: "app-reading__place-buttons" }, ...moves),
    element("p", { className: "nhsuk-hint" }, "Places, in columns and rows of the image"),
    numbers,
  );
  const buttons = element("div", { className: "app-reading__place-buttons" }, place, off, remove);
  return { all: [go, buttons, details], go, goWords, place, placeWords, off, remove, details, moves, numbers };
}

function button(...words: (Node | string)[]): HTMLButtonElement {
  return element("button", { type: "button", className: "app-reading__act" }, ...words);
}

function hidden(words: string): HTMLElement {
  return element("span", { className: "nhsuk-u-visually-hidden" }, ` ${words}`);
}
