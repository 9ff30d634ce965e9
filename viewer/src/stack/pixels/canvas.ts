import { cache, Enums, eventTarget, imageLoader, init, RenderingEngine, utilities, type StackViewport, type Types } from "@cornerstonejs/core";

import { imageName } from "../address";
import type { Series } from "../series";
import { indexOf, projectionOf, type Projection } from "../projection";
import { rangeOf, type Window } from "../windowing";
import type { Decoded } from "./decoding";
import { edgesOf, edgesOfProjection, letterEdges, type Edges } from "./directions";
import type { FrameHeader } from "./headers";
import { headerFor, remember } from "./metadata";

export const ENGINE = "stack";

export interface Painting {
  series: Series;
  index: number;
  header: FrameHeader;
  decoded: Decoded;
  window: Window;
  isInverted: boolean;
}

/** Draws pixels by WebGL and says, after the fact, which image it drew. */
export interface PixelCanvas {
  readonly element: HTMLDivElement;
  readonly viewportId: string;
  paint(painting: Painting): void;
  /** Gives up what was kept of an image. */
  forget(name: string): void;
  zoomBy(factor: number): void;
  panBy(across: number, down: number): void;
  rotate(): void;
  /** Turns left and right over; the letters at the edges turn with them. */
  mirror(): void;
  resetView(): void;
  close(): void;
  render(): void;
  /** How the drawn image lies in `element`; null while none is drawn. */
  projection(): Projection | null;
  /** The column and row under a point of the page; null beside the picture. */
  pixelAt(clientX: number, clientY: number): readonly [column: number, row: number] | null;
}

let engine: RenderingEngine | null = null;

export function theEngine(): RenderingEngine {
  if (engine) return engine;
  // one context draws every viewport of the page; more are never given back
  init({ rendering: { webGlContextCount: 1 } } as Parameters<typeof init>[0]);
  // the loaders bound what is kept; the engine must not drop anything behind their back
  cache.setMaxCacheSize(8 * 1024 ** 3);
  imageLoader.registerImageLoader("stored", keptImage);
  engine = new RenderingEngine(ENGINE);
  return engine;
}

let made = 0;

export function createPixelCanvas(
  element: HTMLDivElement,
  onPainted: (name: string) => void,
  onLost: () => void,
): PixelCanvas {
  made += 1;
  const viewportId = `stack-${made}`;
  const drawing = theEngine();
  drawing.enableElement({ viewportId, element, type: Enums.ViewportType.STACK });
  // the page scrolls past by touch; the viewport around says what is ours
  element.style.removeProperty("touch-action");
  // the focus belongs to the viewport: in here the tools would take every key, Tab too
  element.removeAttribute("tabindex");
  const viewport = drawing.getViewport<StackViewport>(viewportId);
  const letters = letterEdges(element);
  element.addEventListener(Enums.Events.IMAGE_RENDERED, () => {
    const drawn = viewport.getCornerstoneImage() as Types.IImage | undefined;
    if (!drawn) return;
    letters.show(edgesOn(viewport, headerFor(drawn.imageId)));
    onPainted(nameOf(drawn.imageId));
  });
  eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, onLost);
  const sizes = new ResizeObserver(() => {
    if (element.clientWidth && element.clientHeight) drawing.resize(true, true);
  });
  sizes.observe(element);
  return {
    element,
    viewportId,
    ...createPainter(viewport),
    zoomBy(factor) {
      viewport.setZoom(Math.max(0.2, Math.min(30, viewport.getZoom() * factor)));
      viewport.render();
    },
    panBy(across, down) {
      const [x, y] = viewport.getPan();
      viewport.setPan([x + across, y + down]);
      viewport.render();
    },
    rotate() {
      const { rotation = 0 } = viewport.getViewPresentation();
      viewport.setViewPresentation({ rotation: (rotation + 90) % 360 });
      viewport.render();
    },
    mirror() {
      viewport.setCamera({ flipHorizontal: !viewport.getCamera().flipHorizontal });
      viewport.render();
    },
    resetView() {
      // turning it back over is not undone by the view's own presentation
      viewport.setCamera({ flipHorizontal: false });
      viewport.setViewPresentation({ rotation: 0 });
      viewport.resetCamera({ resetPan: true, resetZoom: true });
      viewport.render();
    },
    close() {
      eventTarget.removeEventListener(Enums.Events.WEBGL_CONTEXT_LOST, onLost);
      sizes.disconnect();
      drawing.disableElement(viewportId);
    },
    render: () => {
      viewport.render();
    },
    projection: () => projectionIn(viewport),
    pixelAt: (clientX, clientY) => pixelAt(viewport, clientX, clientY),
  };
}

function createPainter(viewport: StackViewport): Pick<PixelCanvas, "paint" | "forget"> {
  let shown: Series | null = null;
  let latest: Painting | null = null;

  async function bring({ series, index }: Painting): Promise<void> {
    if (series === shown) {
      await viewport.setImageIdIndex(index);
      return;
    }
    shown = series;
    await viewport.setStack(series.images.map((image) => idOf(imageName(image))), index);
  }

  return {
    paint(painting) {
      const { series, index, header, decoded } = painting;
      const image = series.images[index];
      if (!image) return;
      latest = painting;
      keep(idOf(imageName(image)), header, decoded);
      bring(painting).then(
        () => {
          // the newest wish counts, whichever image came last
          if (!latest || latest.series !== shown) return;
          const { window, isInverted } = latest;
          const { SAMPLED_SIGMOID, LINEAR } = Enums.VOILUTFunctionType;
          const curve = window.kind === "SIGMOID" ? SAMPLED_SIGMOID : LINEAR;
          viewport.setProperties({ voiRange: rangeOf(window), VOILUTFunction: curve, invert: isInverted });
          viewport.render();
        },
        // nothing was drawn, so nothing is named
        () => undefined,
      );
    },
    forget(name) {
      const id = idOf(name);
      images.delete(id);
      if (cache.isLoaded(id)) cache.removeImageLoadObject(id, { force: true });
    },
  };
}

export const idOf = (name: string): string => `stored:${name}`;
const nameOf = (imageId: string): string => imageId.slice("stored:".length);

const images = new Map<string, Types.IImage>();

/** Gives the engine an image; it may ask for it again, but never fetches one by itself. */
export function keep(imageId: string, header: FrameHeader, decoded: Decoded): void {
  remember(imageId, header);
  const image = images.get(imageId) ?? imageOf(imageId, header, decoded);
  images.set(imageId, image);
  if (!cache.isLoaded(imageId)) cache.putImageSync(imageId, image);
}

function keptImage(imageId: string): { promise: Promise<Types.IImage> } {
  const image = images.get(imageId);
  return { promise: image ? Promise.resolve(image) : Promise.reject(new Error("The image is not kept.")) };
}

function imageOf(imageId: string, header: FrameHeader, { values, lowest, highest }: Decoded): Types.IImage {
  const { rows, columns } = header;
  const [rowSpacing, columnSpacing] = header.pixelSpacing ?? [1, 1];
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width: columns,
    height: rows,
    scalarData: values,
    numberOfComponents: 1,
  });
  return {
    imageId,
    rows,
    columns,
    width: columns,
    height: rows,
    rowPixelSpacing: rowSpacing,
    columnPixelSpacing: columnSpacing,
    minPixelValue: lowest,
    maxPixelValue: highest,
    // the values are the modality's already
    slope: 1,
    intercept: 0,
    preScale: { enabled: true, scaled: true },
    windowCenter: header.window?.center ?? (lowest + highest) / 2,
    windowWidth: header.window?.width ?? Math.max(1, highest - lowest),
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    invert: false,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    dataType: values.constructor.name as Types.IImage["dataType"],
    sizeInBytes: values.byteLength,
    getPixelData: () => values,
    getCanvas: () => {
      throw new Error("A grey image has no canvas.");
    },
    voxelManager,
  };
}

function projectionIn(viewport: StackViewport): Projection | null {
  const drawn = viewport.getImageData() as ReturnType<StackViewport["getImageData"]> | undefined;
  if (!drawn) return null;
  const { imageData, dimensions, spacing } = drawn;
  const size = { columns: dimensions[0], rows: dimensions[1], pixelSpacing: [spacing[1], spacing[0]] as const };
  return projectionOf(size, (pair) => {
    const world = utilities.transformIndexToWorld(imageData, [...indexOf(pair), 0]) as Types.Point3;
    return viewport.worldToCanvas(world);
  });
}

/** The way in space from the middle of a viewport to its right and to its lower edge, as it is drawn. */
export function waysOn(viewport: Pick<StackViewport, "element" | "canvasToWorld">): [rightwards: number[], downwards: number[]] {
  const [x, y] = [viewport.element.clientWidth / 2, viewport.element.clientHeight / 2];
  const middle = viewport.canvasToWorld([x, y]);
  const way = (to: Types.Point2): number[] => viewport.canvasToWorld(to).map((part, axis) => part - (middle[axis] as number));
  return [way([2 * x, y]), way([x, 2 * y])];
}

function edgesOn(viewport: StackViewport, header: FrameHeader | undefined): Edges | null {
  if (!header) return null;
  const ways = waysOn(viewport);
  return header.orientation ? edgesOf(...ways) : edgesOfProjection(header, ...ways);
}

function pixelAt(viewport: StackViewport, clientX: number, clientY: number): readonly [number, number] | null {
  const drawn = viewport.getImageData() as ReturnType<StackViewport["getImageData"]> | undefined;
  if (!drawn) return null;
  const box = viewport.element.getBoundingClientRect();
  const world = viewport.canvasToWorld([clientX - box.left, clientY - box.top]);
  // the centre of a pixel is a whole number; the engine's other conversion swaps unequal spacings
  const place = utilities.transformWorldToIndexContinuous(drawn.imageData, world) as Types.Point3;
  const [column, row] = [Math.round(place[0]), Math.round(place[1])];
  const [columns, rows] = drawn.dimensions;
  return column >= 0 && row >= 0 && column < columns && row < rows ? [column, row] : null;
}
