import { required } from "../elements";
import type { Box } from "./boxes";

const NAMES = ["x", "y", "width", "height"] as const;

/** The rows of the form: what the server gets, whatever is drawn. */
export interface Rows {
  all: () => HTMLElement[];
  add: (box: Box | null) => HTMLElement;
  remove: (row: HTMLElement) => void;
}

export function formRows(form: HTMLFormElement): Rows {
  const body = required(form, "[data-rows]", HTMLElement);
  const template = required(form, "template[data-row]", HTMLTemplateElement);
  const total = required(form, "[name$='-TOTAL_FORMS']", HTMLInputElement);
  const all = (): HTMLElement[] => [...body.querySelectorAll<HTMLElement>("[data-mask]")];

  const add = (box: Box | null): HTMLElement => {
    const fresh = document.importNode(template.content, true);
    const row = required(fresh, "[data-mask]", HTMLElement);
    body.append(fresh);
    renumber(all(), total);
    if (box) writeBox(row, box);
    return row;
  };

  const remove = (row: HTMLElement): void => {
    row.remove();
    renumber(all(), total);
  };
  return { all, add, remove };
}

/** The rectangle of a row, or null while its numbers make none. */
export function readBox(row: HTMLElement): Box | null {
  const [x, y, width, height] = NAMES.map((name) => wholeNumber(input(row, name).value));
  const isBox = x !== undefined && y !== undefined && width !== undefined && height !== undefined;
  return isBox && width > 0 && height > 0 ? { x, y, width, height } : null;
}

export function writeBox(row: HTMLElement, box: Box): void {
  for (const name of NAMES) input(row, name).value = String(box[name]);
}

/** The frame a row is for; null means every frame. */
export function frameOf(row: HTMLElement): number | null {
  const field = row.querySelector<HTMLInputElement>("[name$='-frame']");
  return (field && wholeNumber(field.value)) || null;
}

export function isEmpty(row: HTMLElement): boolean {
  return [...row.querySelectorAll("input")].every((field) => field.value === "");
}

/** Names, labels and the count as the server reads them: without a gap. */
function renumber(rows: HTMLElement[], total: HTMLInputElement): void {
  rows.forEach((row, place) => {
    const mark = `masks-${String(place)}-`;
    for (const part of row.querySelectorAll("[name], [for]")) {
      for (const attribute of ["id", "name", "for"]) {
        const value = part.getAttribute(attribute);
        if (value) part.setAttribute(attribute, value.replace(/masks-(?:\d+|__prefix__)-/, mark));
      }
    }
    required(row, "[name='remove']", HTMLButtonElement).value = String(place);
    required(row, "[data-number]", HTMLElement).textContent = String(place + 1);
    required(row, "[name='remove'] span", HTMLElement).textContent = ` rectangle ${String(place + 1)}`;
  });
  total.value = String(rows.length);
}

function input(row: HTMLElement, name: string): HTMLInputElement {
  return required(row, `[name$='-${name}']`, HTMLInputElement);
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}
