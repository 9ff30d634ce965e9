import { element } from "../elements";
import type { Pair } from "../stack/projection";

/** A row of two numbers for each place; the last of a closed outline is its first. */
export function showPlaces(numbers: HTMLElement, pairs: readonly Pair[], isSame: boolean): void {
  if (!isSame || numbers.childElementCount !== pairs.length) numbers.replaceChildren(...pairs.map((_, at) => placeRow(at)));
  const values = pairs.flat();
  for (const [at, input] of numbers.querySelectorAll("input").entries()) {
    // what a person is typing is theirs, and so is the focus
    if (document.activeElement !== input) input.value = String(values[at]);
  }
}

function placeRow(at: number): HTMLElement {
  const labels = ["column", "row"].map((name) => {
    const input = element("input", { type: "number", step: "any", min: "0" });
    return element("label", {}, `Point ${at + 1}, ${name} `, input);
  });
  return element("div", { className: "app-drawings-form__pair" }, ...labels);
}

/** What the numbers say; null while one of them is none. */
export function readRows(numbers: HTMLElement, before: readonly Pair[]): Pair[] | null {
  const values = [...numbers.querySelectorAll("input")].map((input) => input.valueAsNumber);
  if (values.some((value) => !Number.isFinite(value))) return null;
  const pairs = openPart(before).map((_, at): Pair => [values[2 * at] as number, values[2 * at + 1] as number]);
  return pairs.length < before.length ? [...pairs, pairs[0] as Pair] : pairs;
}

/** The corners of an outline, the first of them once. */
export function openPart(pairs: readonly Pair[]): readonly Pair[] {
  const [first, last] = [pairs[0], pairs.at(-1)];
  const isClosed = pairs.length > 3 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
  return isClosed ? pairs.slice(0, -1) : pairs;
}
