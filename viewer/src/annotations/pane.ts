import { COVERED, DRAWN } from "../stack/reporting";
import type { Stack } from "../stack/stack";
import type { Annotation } from "./annotation";
import { createLayer, type Layer, type Looks } from "./layer";

/** The drawings over the picture of one stack, as long as it is there. */
export interface Pane {
  readonly layer: Layer;
  /** The slice on screen; null while none is. */
  image(): string | null;
  refresh(): void;
  /** The stack is gone. */
  close(): void;
}

/** `drawings` gives what may be seen now, and how; null for nothing. */
export function createPane(stack: Stack, drawings: () => { all: readonly Annotation[]; looks: Looks } | null): Pane {
  const { viewport, picture } = stack.view;
  const layer = createLayer(viewport, picture);
  let image: string | null = null;

  function refresh(): void {
    const seen = drawings();
    const projection = image === null ? null : (stack.screen.projection?.() ?? null);
    if (!projection || !seen) layer.hide();
    else layer.show(seen.all.filter((drawing) => drawing.image === image), projection, seen.looks);
  }

  stack.root.addEventListener(DRAWN, (event) => {
    image = (event as CustomEvent<string>).detail;
    refresh();
  });
  stack.root.addEventListener(COVERED, () => {
    image = null;
    refresh();
  });
  const sizes = new ResizeObserver(refresh);
  sizes.observe(viewport);
  return {
    layer,
    image: () => image,
    refresh,
    close: () => {
      sizes.disconnect();
    },
  };
}
