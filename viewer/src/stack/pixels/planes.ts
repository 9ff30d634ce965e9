import { Enums, eventTarget, setVolumesForViewports, triggerEvent, volumeLoader, cache, type Types } from "@cornerstonejs/core";
import {
  addTool,
  CrosshairsTool,
  Enums as ToolEnums,
  init,
  StackScrollTool,
  ToolGroupManager,
} from "@cornerstonejs/tools";

import { element } from "../../elements";
import { rangeOf, type Window } from "../windowing";
import { ENGINE, idOf, keep, theEngine, waysOn } from "./canvas";
import { edgesOf, letterEdges } from "./directions";
import type { Picture } from "./screen";
import type { Projection, Slab } from "./slabs";

const PLANES = ["axial", "coronal", "sagittal"] as const;
type Plane = (typeof PLANES)[number];
const COLORS: Readonly<Record<Plane, string>> = {
  axial: "rgb(255, 235, 59)",
  coronal: "rgb(168, 224, 220)",
  sagittal: "rgb(255, 170, 120)",
};
const ORIENTATIONS: Readonly<Record<Plane, Enums.OrientationAxis>> = {
  axial: Enums.OrientationAxis.AXIAL,
  coronal: Enums.OrientationAxis.CORONAL,
  sagittal: Enums.OrientationAxis.SAGITTAL,
};
const NAMES: Readonly<Record<Plane, string>> = { axial: "Axial", coronal: "Coronal", sagittal: "Sagittal" };
const BLENDS: Readonly<Record<Projection, Enums.BlendModes>> = {
  plane: Enums.BlendModes.COMPOSITE,
  brightest: Enums.BlendModes.MAXIMUM_INTENSITY_BLEND,
  darkest: Enums.BlendModes.MINIMUM_INTENSITY_BLEND,
};
const TOOLS = "planes";
const CROSSHAIRS = CrosshairsTool.toolName as string;
const SCROLL = StackScrollTool.toolName as string;

export interface Planes {
  setWindow(window: Window, isInverted: boolean): void;
  /** The brightest or the darkest of so many mm instead of one plane. */
  setSlab(slab: Slab): void;
  close(): void;
}

let isStarted = false;

/** Three planes through one volume with crosshairs; every picture of the series, or none of this. */
export async function openPlanes(
  surface: HTMLElement,
  name: string,
  pictures: readonly Picture[],
  window: Window,
  isInverted: boolean,
): Promise<Planes> {
  start();
  for (const { name: each, header, decoded } of pictures) keep(idOf(each), header, decoded);
  const volumeId = `volume:${name}`;
  await volumeLoader.createAndCacheVolumeFromImages(volumeId, pictures.map((each) => idOf(each.name)));
  const engine = theEngine();
  const cells = PLANES.map(() => element("div", { className: "app-stack__plane" }));
  const grid = element("div", { className: "app-stack__planes" }, ...cells.map((cell, index) => captioned(cell, index)));
  surface.append(grid);
  const close = (): void => {
    ToolGroupManager.destroyToolGroup(TOOLS);
    for (const plane of PLANES) engine.disableElement(plane);
    if (cache.getVolume(volumeId)) cache.removeVolumeLoadObject(volumeId);
    grid.remove();
  };
  try {
    enable(cells);
    await setVolumesForViewports(engine, [{ volumeId }], [...PLANES]);
    crosshairs();
    const open = { ...controls(), close };
    // the first time fills the textures and may show 0 HU where they are not filled yet
    for (let time = 0; time < 2; time += 1) {
      const drawn = Promise.all(cells.map(nextDrawing));
      open.setWindow(window, isInverted);
      await drawn;
    }
    return open;
  } catch (problem) {
    close();
    throw problem;
  }
}

function nextDrawing(cell: HTMLElement): Promise<void> {
  return new Promise((done) => {
    cell.addEventListener(Enums.Events.IMAGE_RENDERED, () => { done(); }, { once: true });
  });
}

function controls(): Omit<Planes, "close"> {
  const engine = theEngine();
  const viewports = PLANES.map((plane) => engine.getViewport<Types.IVolumeViewport>(plane));
  const render = (): void => {
    engine.renderViewports([...PLANES]);
  };
  return {
    setWindow(window, isInverted) {
      for (const viewport of viewports) viewport.setProperties({ voiRange: rangeOf(window), invert: isInverted });
      render();
    },
    setSlab({ projection, thickness }) {
      for (const viewport of viewports) {
        viewport.setBlendMode(BLENDS[projection]);
        if (projection === "plane") viewport.resetSlabThickness();
        // the engine counts from the middle, to both sides
        else viewport.setSlabThickness(thickness / 2);
      }
      render();
    },
  };
}

function enable(cells: readonly HTMLDivElement[]): void {
  for (const [index, plane] of PLANES.entries()) {
    const cell = cells[index];
    if (!cell) continue;
    theEngine().enableElement({
      viewportId: plane,
      element: cell,
      type: Enums.ViewportType.ORTHOGRAPHIC,
      defaultOptions: { orientation: ORIENTATIONS[plane] },
    });
    cell.removeAttribute("tabindex");
    const letters = letterEdges(cell);
    // crosshairs can turn a plane
    cell.addEventListener(Enums.Events.IMAGE_RENDERED, () => {
      letters.show(edgesOf(...waysOn(theEngine().getViewport<Types.IVolumeViewport>(plane))));
    });
    triggerReady(cell, plane);
  }
}

function start(): void {
  if (isStarted) return;
  isStarted = true;
  init();
  addTool(CrosshairsTool);
  addTool(StackScrollTool);
}

function captioned(cell: HTMLElement, index: number): HTMLElement {
  const plane = PLANES[index] as Plane;
  const words = element("p", { className: "app-stack__plane-name" }, NAMES[plane]);
  return element("div", { className: "app-stack__plane-cell" }, words, cell);
}

function triggerReady(cell: HTMLElement, viewportId: string): void {
  // the tools hear by themselves of what is enabled after they started
  if (cell.querySelector("svg.svg-layer")) return;
  triggerEvent(eventTarget, Enums.Events.ELEMENT_ENABLED, { element: cell, viewportId, renderingEngineId: ENGINE });
}

function crosshairs(): void {
  const tools = ToolGroupManager.createToolGroup(TOOLS);
  if (!tools) throw new Error("The planes are open already.");
  for (const plane of PLANES) tools.addViewport(plane, ENGINE);
  tools.addTool(CROSSHAIRS, {
    getReferenceLineColor: (viewportId: Plane) => COLORS[viewportId],
  });
  tools.addTool(SCROLL);
  const { Primary, Wheel } = ToolEnums.MouseBindings;
  tools.setToolActive(CROSSHAIRS, { bindings: [{ mouseButton: Primary }, { numTouchPoints: 1 }] });
  tools.setToolActive(SCROLL, { bindings: [{ mouseButton: Wheel }] });
}
