const SECONDS = 5;

/** Sends a form once: a second press within a few seconds does nothing (a download leaves the page as it is). */
export function guardDoubleSending(scope: Document = document): void {
  const sentAt = new WeakMap<HTMLFormElement, number>();
  scope.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
    if (!form.querySelector("[data-prevent-double-click]")) return;
    const now = Date.now();
    const before = sentAt.get(form);
    if (before !== undefined && now - before < SECONDS * 1000) {
      event.preventDefault();
      return;
    }
    sentAt.set(form, now);
  });
  // the back button shows the page as it was left, sent marks included
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of scope.forms) sentAt.delete(form);
  });
}
