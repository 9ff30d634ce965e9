import { TOOL_NAMES, type Tool } from "../annotations/annotation";
import { HOW } from "../annotations/desk";
import { element } from "../elements";
import { group, toolButton, type View } from "../stack/view";

/** A finding has words of its own, so it is never placed as text. */
const PLACING_TOOLS = ["arrow", "ellipse", "rectangle", "polygon", "length"] as const satisfies readonly Tool[];

const BY_KEYS = "Or press Enter on the image: it is put in the middle, to be moved by buttons and numbers.";

export interface Toolbar {
  readonly element: HTMLElement;
  /** What is being placed and with what; null when nothing is. */
  show: (words: string | null, tool: Tool) => void;
  /** Why nothing was placed; empty for nothing to say. */
  tell: (problem: string) => void;
  listen: (acts: { tool: (tool: Tool) => void; middle: () => void; cancel: () => void }) => void;
}

/** Stands above the picture while a finding is placed: nobody scrolls between a tool and the image. */
export function buildToolbar({ copied }: View): Toolbar {
  const tools = new Map(PLACING_TOOLS.map((tool) => [tool, toolButton(TOOL_NAMES[tool], "")]));
  const middle = toolButton("Put it in the middle", "Enter");
  const cancel = toolButton("Do not place it", "Escape");
  const heading = element("span", { className: "app-drawings-list__heading" });
  const buttons = group("Place the finding", [...tools.values(), middle, cancel]);
  buttons.prepend(heading);
  const [how, problem] = [element("p", { className: "app-stack__how" }), element("p", { className: "app-stack__how" })];
  problem.setAttribute("role", "alert");
  const bar = element("div", { className: "app-placing", hidden: true }, buttons, how, problem);
  copied.before(bar);
  return {
    element: bar,
    show(words, tool) {
      bar.hidden = words === null;
      heading.textContent = words === null ? "" : `Place: ${words}`;
      how.textContent = `${HOW[tool]} ${BY_KEYS}`;
      problem.textContent = "";
      for (const [name, button] of tools) button.setAttribute("aria-pressed", String(name === tool));
    },
    tell: (words) => { problem.textContent = words; },
    listen(acts) {
      for (const [tool, button] of tools) button.addEventListener("click", () => { acts.tool(tool); });
      middle.addEventListener("click", acts.middle);
      cancel.addEventListener("click", acts.cancel);
    },
  };
}
