import { element } from "../elements";
import type { Series } from "./series";
import { choice, group, toolButton, type View } from "./view";

/** Which series stands beside, whether the two scroll together, and why. */
export interface SideBar {
  element: HTMLElement;
  select: HTMLSelectElement;
  link: HTMLButtonElement;
  close: HTMLButtonElement;
  say(words: string, isLinked: boolean, mayLink: boolean): void;
  /** Names the two series; the first one's cannot be chosen again. */
  show(first: number, second: number): void;
}

export function createSideBar(list: readonly Series[]): SideBar {
  const { select, element: chosen } = choice("Beside", list.map((series, index) => [String(index), fullName(series)] as const));
  const link = toolButton("Scroll together", "k");
  const close = toolButton("Close the series beside", "c");
  const words = element("p", { className: "app-stack__side-words" });
  words.setAttribute("role", "status");
  const made = group("Series beside", []);
  made.classList.add("app-stack__side-bar");
  made.append(chosen, link, close, words);
  return {
    element: made,
    select,
    link,
    close,
    say(sentence, isLinked, mayLink) {
      words.textContent = sentence;
      link.disabled = !mayLink;
      link.setAttribute("aria-pressed", String(isLinked));
    },
    show(first, second) {
      for (const [index, option] of [...select.options].entries()) option.disabled = index === first;
      select.value = String(second);
    },
  };
}

export function fullName({ study, label }: Series): string {
  return study ? `${study}: ${label}` : label;
}

/** Says over a picture which series it is of; null when that is plain. */
export function caption({ viewport }: View, series: Series | null): void {
  const found = viewport.querySelector(".app-stack__caption");
  if (!series) found?.remove();
  else if (found) found.textContent = fullName(series);
  else viewport.append(element("p", { className: "app-stack__caption" }, fullName(series)));
}
