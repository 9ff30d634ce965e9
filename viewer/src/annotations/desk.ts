import { element } from "../elements";
import type { Pair } from "../stack/projection";
import { group, toolButton, type View } from "../stack/view";
import { TOOL_NAMES, TOOLS, type Annotation, type Tool } from "./annotation";
import { openPart, readRows, showPlaces } from "./places";
import type { Sheet, Trouble } from "./sheet";

/** What a person may do about drawings. */
export interface Acts {
  tool: (tool: Tool) => void;
  middle: () => void;
  words: (text: string) => void;
  pairs: (pairs: Pair[]) => void;
  remove: () => void;
  undo: () => void;
  mine: () => void;
  theirs: () => void;
  retry: () => void;
}

export interface Desk {
  show(sheet: Sheet, chosen: Annotation | null): void;
  showTool(tool: Tool | null): void;
  askForWords(): void;
  pressUndo(): void;
  listen(acts: Acts): void;
}

export const HOW: Readonly<Record<Tool, string>> = {
  arrow: "Press on what the arrow points at and pull away from it.",
  length: "Press at one end and pull to the other.",
  ellipse: "Press at one corner of the ellipse's box and pull to the other.",
  rectangle: "Press at one corner and pull to the other.",
  polygon: "Click each corner; the first again, Enter or a double click closes it. Backspace takes the last corner away, Escape all.",
  text: "Click where the words belong.",
};
const MOST_TEXT = 200;

/** The buttons, the form of the chosen drawing, and the line that says what is saved. */
export function buildDesk(panel: HTMLElement, view: View): Desk {
  const tools = new Map(TOOLS.map((tool) => [tool, toolButton(TOOL_NAMES[tool], "")]));
  for (const button of tools.values()) button.setAttribute("aria-pressed", "false");
  const undo = toolButton("Undo", "Control+z");
  const drawGroup = group("Draw for everybody", [...tools.values(), undo]);
  drawGroup.prepend(element("span", { className: "app-drawings-list__heading" }, "Draw"));
  const middle = element("button", { type: "button", className: "app-stack__button" }, "Put one in the middle");
  const how = element("p", { className: "app-stack__how", hidden: true });
  const status = element("p", { className: "app-drawings-list__status" });
  status.setAttribute("role", "status");
  const again = element("button", { type: "button", className: "app-stack__button", hidden: true }, "Save again");
  const form = buildForm();
  // above the picture, beside the other tools: nobody scrolls between a tool and the image
  view.copied.before(drawGroup, how);
  panel.querySelector("p")?.after(form.element, status, again);
  let shownTool: Tool | null = null;

  return {
    show(sheet, chosen) {
      undo.disabled = !sheet.mayUndo();
      const words = stateWords(sheet);
      if (status.textContent !== words) status.textContent = words;
      again.hidden = !["refused", "unreachable"].includes(sheet.state());
      form.show(chosen, chosen && sheet.trouble(chosen.id));
    },
    showTool(tool) {
      shownTool = tool;
      for (const [name, button] of tools) button.setAttribute("aria-pressed", String(name === tool));
      how.hidden = tool === null;
      how.replaceChildren(...(tool ? [HOW[tool], " ", middle] : []));
    },
    askForWords: form.focus,
    pressUndo: () => { undo.click(); },
    listen(acts) {
      for (const [tool, button] of tools) button.addEventListener("click", () => { acts.tool(tool); });
      middle.addEventListener("click", acts.middle);
      undo.addEventListener("click", acts.undo);
      again.addEventListener("click", acts.retry);
      view.viewport.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && shownTool) acts.tool(shownTool);
      });
      form.listen(acts);
    },
  };
}

function stateWords(sheet: Sheet): string {
  const state = sheet.state();
  if (state === "saved") return sheet.drawings().length > 0 || sheet.mayUndo() ? "Everything drawn is saved." : "Nothing is drawn yet.";
  if (state === "saving") return "Saving …";
  if (state === "unreachable") return "Not saved: the server cannot be reached. What you drew stays here and is sent again by itself.";
  const troubled = sheet.drawings().map(({ id }) => sheet.trouble(id)).find((trouble) => trouble?.kind === state);
  const message = troubled && "message" in troubled ? troubled.message : "The server refused a change.";
  return `Not saved: ${message}`;
}

interface Form {
  element: HTMLFormElement;
  show(chosen: Annotation | null, trouble: Trouble | null): void;
  focus: () => void;
  listen(acts: Acts): void;
}

function buildForm(): Form {
  const text = element("input", { type: "text", maxLength: MOST_TEXT, className: "app-drawings-form__text", autocomplete: "off" });
  const heading = element("span");
  const label = element("label", { className: "app-drawings-form__label" }, heading, text);
  const numbers = element("div", { className: "app-drawings-form__numbers" });
  const places = element("details", {}, element("summary", {}, "Places, in columns and rows of the image"), numbers);
  const remove = element("button", { type: "button", className: "app-stack__button" }, "Delete");
  const conflict = buildConflict();
  const form = element("form", { className: "app-drawings-form", hidden: true }, conflict.element, label, places, remove);
  form.setAttribute("aria-label", "The chosen drawing");
  let shown: Annotation | null = null;

  return {
    element: form,
    show(chosen, trouble) {
      form.hidden = chosen === null;
      conflict.show(trouble);
      if (!chosen) {
        shown = null;
        return;
      }
      heading.textContent = `Words of this ${TOOL_NAMES[chosen.tool].toLowerCase()}`;
      // what a person is typing is theirs
      if (document.activeElement !== text || shown?.id !== chosen.id) text.value = chosen.text;
      showPlaces(numbers, openPart(chosen.pairs), shown?.id === chosen.id);
      shown = chosen;
    },
    focus: () => { text.focus({ preventScroll: true }); },
    listen(acts) {
      form.addEventListener("submit", (event) => { event.preventDefault(); });
      text.addEventListener("change", () => { acts.words(text.value); });
      numbers.addEventListener("change", () => {
        const pairs = shown && readRows(numbers, shown.pairs);
        if (pairs) acts.pairs(pairs);
      });
      remove.addEventListener("click", acts.remove);
      conflict.listen(acts);
    },
  };
}

interface Conflict {
  element: HTMLElement;
  show(trouble: Trouble | null): void;
  listen(acts: Acts): void;
}

function buildConflict(): Conflict {
  const words = element("p");
  const mine = element("button", { type: "button", className: "app-stack__button" }, "Keep mine");
  const theirs = element("button", { type: "button", className: "app-stack__button" }, "Take theirs");
  const box = element("div", { className: "app-drawings-form__conflict", hidden: true }, words, mine, " ", theirs);
  box.setAttribute("role", "alert");
  return {
    element: box,
    show(trouble) {
      box.hidden = trouble?.kind !== "stale";
      if (trouble?.kind !== "stale") return;
      const who = trouble.theirs?.changedBy ? `${trouble.theirs.changedBy} changed this drawing` : "Somebody else deleted this drawing";
      const said = `${who} after you opened it. Yours is on screen and not saved.`;
      if (words.textContent !== said) words.textContent = said;
    },
    listen(acts) {
      mine.addEventListener("click", acts.mine);
      theirs.addEventListener("click", acts.theirs);
    },
  };
}
