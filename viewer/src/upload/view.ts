import { element, required } from "../elements";
import { byName } from "./choosing";
import { counted, sizeWords } from "./limits";
import type { HeldFile } from "./protocol";
import type { Item } from "./queue";

/** The elements of templates/components/upload_files.html. */
export interface View {
  root: HTMLElement;
  drop: HTMLElement;
  folder: HTMLInputElement;
  files: HTMLInputElement;
  chosen: HTMLElement;
  send: HTMLButtonElement;
  pause: HTMLButtonElement;
  sending: HTMLElement;
  words: HTMLElement;
  bar: HTMLProgressElement;
  notice: HTMLElement;
  error: HTMLElement;
  problems: HTMLElement;
  held: HTMLElement;
  heldSummary: HTMLElement;
  heldList: HTMLElement;
  heldMore: HTMLButtonElement;
  spoken: HTMLElement;
}

export function findView(root: HTMLElement): View {
  const part = <Type extends Element>(name: string, type: new () => Type): Type =>
    required(root, `[data-part="${name}"]`, type);
  return {
    root,
    drop: part("drop", HTMLElement),
    folder: part("folder", HTMLInputElement),
    files: part("files", HTMLInputElement),
    chosen: part("chosen", HTMLElement),
    send: part("send", HTMLButtonElement),
    pause: part("pause", HTMLButtonElement),
    sending: part("sending", HTMLElement),
    words: part("words", HTMLElement),
    bar: part("bar", HTMLProgressElement),
    notice: part("notice", HTMLElement),
    error: part("error", HTMLElement),
    problems: part("problems", HTMLElement),
    held: part("held", HTMLElement),
    heldSummary: part("held-summary", HTMLElement),
    heldList: part("held-list", HTMLElement),
    heldMore: part("held-more", HTMLButtonElement),
    spoken: part("spoken", HTMLElement),
  };
}

export function showSentence(place: HTMLElement, sentence: string): void {
  if (place.textContent.trim() === sentence) return;
  place.replaceChildren(...(sentence ? [element("p", {}, sentence)] : []));
  place.hidden = sentence === "";
}

export interface ItemActions {
  retry: (item: Item) => void;
  leaveOut: (item: Item) => void;
}

/** The files that did not get through, each with its reason and what can be done. */
export function showProblems(place: HTMLElement, failed: readonly Item[], actions: ItemActions): void {
  const key = failed.map(({ name, message }) => `${name} ${message}`).join("\n");
  if (place.dataset["shows"] === key) return;
  place.dataset["shows"] = key;
  place.hidden = failed.length === 0;
  if (failed.length === 0) return;
  const rows = failed.map((item) =>
    element(
      "li",
      {},
      element("span", { className: "app-upload__reason" }, withName(item)),
      fileButton("Try again", item.name, () => {
        actions.retry(item);
      }),
      fileButton("Leave out", item.name, () => {
        actions.leaveOut(item);
      }),
    ),
  );
  place.replaceChildren(
    element("h3", { className: "nhsuk-heading-s" }, `${counted(failed.length, "file")} not sent`),
    element("ul", { className: "app-upload__files" }, ...rows),
  );
}

function withName({ name, message }: Item): string {
  return message.includes(name) ? message : `${name}: ${message}`;
}

function fileButton(words: string, name: string, effect: () => void): HTMLButtonElement {
  const button = element(
    "button",
    { type: "button", className: "app-upload__small" },
    words,
    element("span", { className: "nhsuk-u-visually-hidden" }, ` ${name}`),
  );
  button.addEventListener("click", effect);
  return button;
}

const PAGE = 50;

/** What the server holds already; files that are not whole come first, because they need something done. */
export function showHeld(view: View, files: readonly HeldFile[], remove: (file: HeldFile) => void, shown = PAGE): void {
  view.held.hidden = files.length === 0;
  if (files.length === 0) return;
  const sorted = [...files].sort((one, other) => byName.compare(one.name, other.name));
  const whole = sorted.filter((file) => file.is_received);
  const partial = sorted.filter((file) => !file.is_received);
  const bytes = whole.reduce((sum, file) => sum + file.size_bytes, 0);
  const begun = partial.length ? ` ${counted(partial.length, "file")} not complete: choose the same folder again to go on.` : "";
  view.heldSummary.textContent = `${counted(whole.length, "file")} (${sizeWords(bytes)}) in this upload.${begun}`;
  const rows = [...partial, ...whole].slice(0, shown).map((file) => heldRow(file, remove));
  view.heldList.replaceChildren(...rows);
  view.heldMore.hidden = files.length <= shown;
  view.heldMore.textContent = `Show ${Math.min(PAGE, files.length - shown)} more of ${files.length - shown}`;
  view.heldMore.onclick = () => {
    showHeld(view, files, remove, shown + PAGE);
  };
}

function heldRow(file: HeldFile, remove: (file: HeldFile) => void): HTMLElement {
  const size = file.is_received
    ? sizeWords(file.size_bytes)
    : `${sizeWords(file.received_bytes)} of ${sizeWords(file.size_bytes)}`;
  return element(
    "li",
    {},
    element("span", { className: "app-upload__reason" }, `${file.name}, ${size}`),
    fileButton("Remove", file.name, () => {
      remove(file);
    }),
  );
}
