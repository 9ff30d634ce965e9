import type { Stack } from "../stack";
import type { PixelCanvas } from "./canvas";
import type { Picture, PixelScreen } from "./screen";

/** The modality value of one pixel, counted from 0; undefined beside the picture. */
export function valueAt({ header, decoded }: Picture, column: number, row: number): number | undefined {
  if (column < 0 || row < 0 || column >= header.columns || row >= header.rows) return undefined;
  return decoded.values[row * header.columns + column];
}

/** "Column 231, row 198: −812 HU", counted from 1 as the standard counts. */
export function probeWords(picture: Picture, column: number, row: number): string {
  const value = valueAt(picture, column, row);
  if (value === undefined) return "";
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(2);
  const unit = picture.header.modality === "CT" ? " HU" : "";
  return `Column ${column + 1}, row ${row + 1}: ${shown.replace("-", "\u2212")}${unit}`;
}

/** Says the value under the pointer while it rests or moves over the picture. */
export function listenToProbe(stack: Stack, screen: PixelScreen, canvas: PixelCanvas): void {
  const { readout, viewport } = stack.view;
  viewport.addEventListener("pointermove", (event) => {
    const pixel = stack.view.cover.hidden ? canvas.pixelAt(event.clientX, event.clientY) : null;
    const picture = screen.picture();
    readout.textContent = pixel && picture ? probeWords(picture, ...pixel) : "";
  });
  viewport.addEventListener("pointerleave", () => {
    readout.textContent = "";
  });
}
