/** Turns wheel and drag distances into whole slices, keeping the rest for the next event. */
export function createStepper(pixelsPerStep: number): (distance: number) => number {
  let rest = 0;
  return (distance) => {
    // turning round starts afresh, or the first notch back would be swallowed
    if (rest !== 0 && Math.sign(distance) !== Math.sign(rest)) rest = 0;
    rest += distance;
    const steps = Math.trunc(rest / pixelsPerStep);
    rest -= steps * pixelsPerStep;
    return steps;
  };
}

const WHEEL_NOTCH = 60;
const LINE = 40;

/** Wheel, mouse drag (down is onwards) and touch drag (sideways, so that the page still scrolls). */
export function listenToPointer(surface: HTMLElement, count: () => number, move: (by: number) => void): void {
  const wheelSteps = createStepper(WHEEL_NOTCH);
  surface.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey) return;
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE;
      // a notched wheel gives one large step and must always move
      const steps = Math.abs(pixels) >= WHEEL_NOTCH ? Math.sign(pixels) : wheelSteps(pixels);
      if (steps) move(steps);
    },
    { passive: false },
  );

  let drag: { id: number; at: number; isTouch: boolean; steps: (distance: number) => number } | null = null;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary || event.target instanceof HTMLButtonElement) return;
    const isTouch = event.pointerType === "touch";
    // the whole stack is one stroke across the picture, but never finer than 3 pixels a slice
    const length = isTouch ? surface.clientWidth : surface.clientHeight;
    const steps = createStepper(Math.max(3, Math.min(24, length / Math.max(1, count()))));
    drag = { id: event.pointerId, at: isTouch ? event.clientX : event.clientY, isTouch, steps };
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.id) return;
    const at = drag.isTouch ? event.clientX : event.clientY;
    const by = drag.steps(at - drag.at);
    drag.at = at;
    if (by) move(by);
  });
  const end = (): void => {
    drag = null;
  };
  surface.addEventListener("pointerup", end);
  surface.addEventListener("pointercancel", end);
}
