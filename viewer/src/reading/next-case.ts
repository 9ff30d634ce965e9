import { element } from "../elements";

const LETTER_KEYS = "letter-keys"; // the reader's switch for single letters (WCAG 2.1.4)
const NEXT = "j";

/** J opens the next case of the list; nothing is lost, because a draft is saved when its page is left. */
export function startNextCase(page: Document, open: (address: string) => void): void {
  const link = page.querySelector<HTMLAnchorElement>("a[data-next-case]");
  if (!link) return;
  link.setAttribute("aria-keyshortcuts", NEXT.toUpperCase());
  const shown = element("kbd", { className: "app-key" }, NEXT.toUpperCase());
  // a screen reader has it from the link already
  shown.setAttribute("aria-hidden", "true");
  link.after(" ", shown);
  page.addEventListener("keydown", (event) => {
    if (localStorage.getItem(LETTER_KEYS) === "off" || !isOurs(event)) return;
    event.preventDefault();
    open(link.href);
  });
}

function isOurs(event: KeyboardEvent): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || event.repeat) return false;
  if (event.key.toLowerCase() !== NEXT) return false;
  const { target } = event;
  if (!(target instanceof Element)) return true;
  return !target.closest("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=range])");
}
