import { element, required } from "../elements";

const NUMBER = /\d+$/;

/** A button in place of the words that tell a page without script how to get more rows. */
export function offerMoreRows(list: HTMLElement, onAdded: (row: HTMLElement) => void): void {
  const most = Number(list.dataset["mostFindings"]);
  const words = required(list, "[data-more-findings]", HTMLElement);
  const add = element("button", { type: "button", className: "app-reading__act" }, "Add another finding");
  words.replaceWith(add);
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("[data-finding]")];
  const showWhether = (): void => { add.hidden = rows().length >= most; };
  add.addEventListener("click", () => {
    const last = rows().at(-1);
    if (!last) return;
    const made = nextRow(last);
    last.after(made);
    onAdded(made);
    made.querySelector("select")?.focus();
    showWhether();
  });
  showWhether();
}

/** An empty row like this one, numbered on. */
export function nextRow(row: HTMLElement): HTMLElement {
  const made = row.cloneNode(true) as HTMLElement;
  const onwards = (numbered: string): string => numbered.replace(NUMBER, (number) => String(Number(number) + 1));
  for (const part of made.querySelectorAll(".nhsuk-error-message")) part.remove();
  for (const part of made.querySelectorAll("*")) {
    part.classList.remove("nhsuk-form-group--error", "nhsuk-select--error");
    part.removeAttribute("aria-describedby");
    for (const name of ["name", "id", "for"]) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, onwards(value));
    }
  }
  for (const label of made.querySelectorAll("label")) label.textContent = onwards(label.textContent.trim());
  for (const select of made.querySelectorAll("select")) select.value = "";
  required(made, "[data-place]", HTMLInputElement).value = "";
  required(made, "[data-place-acts]", HTMLElement).replaceChildren();
  return made;
}
