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

/** What a drag does; those from "length" on draw on the picture. */
export const MODES = ["scroll", "window", "zoom", "move", "length", "angle", "rectangle", "ellipse", "arrow"] as const;
export type Mode = (typeof MODES)[number];

export function isMeasuring(mode: Mode): boolean {
  return MODES.indexOf(mode) >= MODES.indexOf("length");
}

export interface Pointing {
  count: () => number;
  move: (by: number) => void;
  mode: () => Mode;
  /** Whether a drag can do more than scroll. */
  hasTools: () => boolean;
  /** Whether something else over the picture listens instead. */
  isCovered: () => boolean;
  drag: (mode: Mode, across: number, down: number) => void;
}

interface Drag {
  id: number;
  x: number;
  y: number;
  mode: Mode;
  isTouch: boolean;
  steps: (distance: number) => number;
}

/** Wheel, mouse drag (down is onwards) and touch drag (sideways, so that the page still scrolls). */
export function listenToPointer(surface: HTMLElement, pointing: Pointing): void {
  listenToWheel(surface, pointing);
  let drag: Drag | null = null;
  surface.addEventListener("pointerdown", (event) => {
    if (pointing.isCovered()) return;
    if (!event.isPrimary || (event.target instanceof Element && event.target.closest("button"))) return;
    const mode = modeOf(event.button, pointing);
    if (mode === null) return;
    // what draws prevents the focus that a click would give
    surface.focus({ preventScroll: true });
    // the tool that measures has its own ears
    if (isMeasuring(mode)) return;
    drag = dragFrom(event, mode, surface, pointing.count());
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.id) return;
    const [across, down] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.x = event.clientX;
    drag.y = event.clientY;
    if (drag.mode !== "scroll") {
      pointing.drag(drag.mode, across, down);
      return;
    }
    const by = drag.steps(drag.isTouch ? across : down);
    if (by) pointing.move(by);
  });
  surface.addEventListener("contextmenu", (event) => {
    if (pointing.hasTools()) event.preventDefault();
  });
  const end = (): void => {
    drag = null;
  };
  surface.addEventListener("pointerup", end);
  surface.addEventListener("pointercancel", end);
}

/** The left button does what was chosen, the others always adjust the window and move. */
function modeOf(button: number, { mode, hasTools }: Pointing): Mode | null {
  if (button === 0) return mode();
  if (!hasTools()) return null;
  return button === 2 ? "window" : button === 1 ? "move" : null;
}

function dragFrom(event: PointerEvent, mode: Mode, surface: HTMLElement, count: number): Drag {
  const isTouch = event.pointerType === "touch";
  // the whole stack is one stroke across the picture, but never finer than 3 pixels a slice
  const length = isTouch ? surface.clientWidth : surface.clientHeight;
  const steps = createStepper(Math.max(3, Math.min(24, length / Math.max(1, count))));
  return { id: event.pointerId, x: event.clientX, y: event.clientY, mode, isTouch, steps };
}

function listenToWheel(surface: HTMLElement, { move, isCovered }: Pointing): void {
  const wheelSteps = createStepper(WHEEL_NOTCH);
  surface.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey || isCovered()) return;
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE;
      // a notched wheel gives one large step and must always move
      const steps = Math.abs(pixels) >= WHEEL_NOTCH ? Math.sign(pixels) : wheelSteps(pixels);
      if (steps) move(steps);
    },
    { passive: false },
  );
}
