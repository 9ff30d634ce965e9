/** A window: centre and width in the unit of the modality values (CT: Hounsfield units). */
export interface Window {
  center: number;
  width: number;
  kind: "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
}

export interface Range {
  lower: number;
  upper: number;
}

/** The values between which grey rises evenly from black to white (PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2). */
export function rangeOf({ center, width, kind }: Window): Range {
  if (kind !== "LINEAR") return { lower: center - width / 2, upper: center + width / 2 };
  const half = (width - 1) / 2;
  // a width of 1 is a step; a ramp needs some width
  return { lower: center - 0.5 - half, upper: center - 0.5 + Math.max(half, 1e-3) };
}

/** The grey of one value between 0 and 1, by the standard's own formulas. */
export function greyOf(value: number, { center, width, kind }: Window): number {
  if (kind === "SIGMOID") return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  const { lower, upper } = rangeOf({ center, width, kind });
  return Math.max(0, Math.min(1, (value - lower) / (upper - lower)));
}

/** The window after a drag: sideways widens, downwards raises the centre; a stroke across the picture doubles it. */
export function draggedWindow(from: Window, across: number, down: number, span: number): Window {
  const step = Math.max(1, from.width) / Math.max(1, span);
  return {
    center: from.center + 2 * down * step,
    width: Math.max(1, from.width + 2 * across * step),
    kind: "LINEAR",
  };
}

const EDGE = 0.005; // what lies beyond on either side is taken for markers and collimation

/** The window that holds nearly all values, for a file that asks for none. */
export function fittingWindow(values: ArrayLike<number>, columns: number): Window {
  const sample: number[] = [];
  for (let index = 0; index < values.length; index += 4) {
    if (Math.floor(index / columns) % 4 === 0) sample.push(values[index] ?? 0);
  }
  sample.sort((a, b) => a - b);
  const at = (part: number): number => sample[Math.round(part * (sample.length - 1))] ?? 0;
  const [low, high] = [at(EDGE), at(1 - EDGE)];
  return { center: (low + high) / 2, width: Math.max(high - low, 1), kind: "LINEAR" };
}
