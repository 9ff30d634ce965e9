import { element } from "../elements";

const SETTING = "letter-keys";

/** Letters that choose an answer, shown beside it; a switch turns them off (WCAG 2.1.4). */
export function startLetterKeys(form: HTMLFormElement): void {
  for (const input of form.querySelectorAll<HTMLInputElement>("input[data-key]")) showKey(input);
  const isOn = addSwitch(form);
  document.addEventListener("keydown", (event) => {
    if (!form.isConnected || !isOn() || !isForUs(event)) return;
    const input = choice(form, event.key.toLowerCase());
    if (!input) return;
    event.preventDefault();
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.addEventListener("focusin", (event) => {
    const study = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-study]") : null;
    if (study) markCurrent(form, study);
  });
  const first = form.querySelector<HTMLElement>("[data-study]");
  if (first) markCurrent(form, first);
}

function showKey(input: HTMLInputElement): void {
  const label = input.labels?.[0];
  const key = input.dataset["key"]?.toUpperCase() ?? "";
  input.setAttribute("aria-keyshortcuts", key);
  const shown = element("kbd", { className: "app-key" }, key);
  // a screen reader has it from the control already
  shown.setAttribute("aria-hidden", "true");
  label?.append(" ", shown);
}

function addSwitch(form: HTMLFormElement): () => boolean {
  const box = element("input", { type: "checkbox", id: "letter-keys", className: "nhsuk-checkboxes__input" });
  box.checked = localStorage.getItem(SETTING) !== "off";
  box.addEventListener("change", (event) => {
    // a setting of this browser, no answer of the reading
    event.stopPropagation();
    localStorage.setItem(SETTING, box.checked ? "on" : "off");
  });
  box.addEventListener("input", (event) => {
    event.stopPropagation();
  });
  const label = element(
    "label",
    { className: "nhsuk-label nhsuk-checkboxes__label", htmlFor: "letter-keys" },
    "Letter keys choose answers; N goes to the next study",
  );
  const item = element("div", { className: "nhsuk-checkboxes__item" }, box, label);
  form.querySelector("h2")?.after(element("div", { className: "nhsuk-checkboxes nhsuk-checkboxes--small" }, item));
  return () => box.checked;
}

function isForUs(event: KeyboardEvent): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || event.repeat) return false;
  const { target } = event;
  if (!(target instanceof Element)) return true;
  return !target.closest("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=range])");
}

/** The radio a letter chooses: of the current study, or of the case. N moves to the next study. */
export function choice(form: HTMLFormElement, key: string): HTMLInputElement | null {
  if (!/^[a-z]$/.test(key)) return null;
  const studies = [...form.querySelectorAll<HTMLElement>("[data-study]")];
  const current = studies.findIndex((study) => study.dataset["current"] === "true");
  if (key === "n") {
    const next = studies[(current + 1) % Math.max(1, studies.length)];
    if (next) {
      markCurrent(form, next);
      next.scrollIntoView({ block: "nearest" });
    }
    return null;
  }
  const selector = `input[data-key="${key}"]`;
  const ofStudy = studies[current]?.querySelector<HTMLInputElement>(selector);
  if (ofStudy) return ofStudy;
  return [...form.querySelectorAll<HTMLInputElement>(selector)].find((input) => !input.closest("[data-study]")) ?? null;
}

export function markCurrent(form: HTMLFormElement, current: HTMLElement): void {
  for (const study of form.querySelectorAll<HTMLElement>("[data-study]")) {
    study.dataset["current"] = String(study === current);
  }
}
