import { isWindow, type WindowName } from "./windows";

/** `[data-image]` links and buttons anywhere on the page bring their slice and window on screen. */
export function listenToTeachingPoints(show: (image: string, window: WindowName | null) => boolean): void {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(event.target instanceof Element)) return;
    const point = event.target.closest<HTMLElement>("[data-image]");
    const image = point?.dataset["image"];
    if (!image) return;
    const window = point.dataset["window"] ?? "";
    // a link keeps its own way when this page does not hold the slice
    if (show(image, isWindow(window) ? window : null)) event.preventDefault();
  });
}

/** Marks the points whose slice is on screen. */
export function markTeachingPoints(image: string | null): void {
  for (const point of document.querySelectorAll<HTMLElement>("[data-image]")) {
    const isShown = image !== null && point.dataset["image"] === image;
    point.classList.toggle("app-slice-link--shown", isShown);
    if (isShown) point.setAttribute("aria-current", "true");
    else point.removeAttribute("aria-current");
  }
}
