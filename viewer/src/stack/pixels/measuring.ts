import { Enums, eventTarget, triggerEvent } from "@cornerstonejs/core";
import {
  addTool,
  AngleTool,
  annotation,
  ArrowAnnotateTool,
  EllipticalROITool,
  Enums as ToolEnums,
  init,
  LengthTool,
  RectangleROITool,
  ToolGroupManager,
  type Types,
} from "@cornerstonejs/tools";

import { element } from "../../elements";
import { isMeasuring, type Mode } from "../pointing";
import { imageOf, type Stack } from "../stack";
import { imageName } from "../address";
import { ENGINE, idOf, type PixelCanvas } from "./canvas";
import { measurementWords, type Statistics } from "./measurements";

const TOOLS = { length: LengthTool, angle: AngleTool, rectangle: RectangleROITool, ellipse: EllipticalROITool, arrow: ArrowAnnotateTool };
type MeasuringMode = keyof typeof TOOLS;

export interface Measuring {
  /** Draws with this tool, or with none. What was drawn stays and can still be moved. */
  use(mode: Mode): void;
  /** Takes the last measurement of the slice on screen away. */
  undo(): void;
}

const YELLOW = "rgb(255, 235, 59)";
const TEAL = "rgb(168, 224, 220)";
const STYLE = {
  color: YELLOW,
  colorHighlighted: TEAL,
  colorSelected: TEAL,
  textBoxColor: YELLOW,
  textBoxColorHighlighted: TEAL,
  textBoxColorSelected: TEAL,
  textBoxBackground: "rgba(11, 20, 21, 0.75)",
  textBoxMargin: 3,
  textBoxFontFamily: "Arial, sans-serif",
  lineWidth: "2",
};

const UNLABELLED = " ";
/** An arrow's head is where the drag began; its text, if any, is not asked for in a window. */
const ARROW = {
  getTextCallback(done: (label: string) => void): void {
    done(UNLABELLED);
    // without a text the tool would not keep the arrow; it goes before anything is drawn
    for (const { data } of annotation.state.getAllAnnotations()) if (data.label === UNLABELLED) data.label = "";
  },
  changeTextCallback: (): void => undefined,
};

let isStarted = false;

function start(): void {
  if (isStarted) return;
  isStarted = true;
  // harmless a second time
  init();
  for (const tool of Object.values(TOOLS)) addTool(tool);
  const { style } = annotation.config;
  const defaults = style.getDefaultToolStyles();
  style.setDefaultToolStyles({ ...defaults, global: { ...defaults.global, ...STYLE } });
}

/** Length, angle, rectangle, ellipse and arrow on one canvas; `list` says in words what was measured on the slice. */
export function createMeasuring(stack: Stack, canvas: PixelCanvas, list: HTMLUListElement): Measuring {
  start();
  const { viewportId } = canvas;
  // the tools hear of viewports that are made after them only
  triggerEvent(eventTarget, Enums.Events.ELEMENT_ENABLED, {
    element: canvas.element,
    viewportId,
    renderingEngineId: ENGINE,
  });
  // the list says it in words
  canvas.element.querySelector("svg.svg-layer")?.setAttribute("aria-hidden", "true");
  const tools = ToolGroupManager.createToolGroup(viewportId);
  if (!tools) throw new Error("The measuring tools are there already.");
  tools.addViewport(viewportId, ENGINE);
  for (const tool of Object.values(TOOLS)) {
    tools.addTool(tool.toolName, tool === ArrowAnnotateTool ? ARROW : {});
    tools.setToolPassive(tool.toolName);
  }
  listenToMeasurements(stack, canvas, list);
  return {
    use(mode) {
      for (const tool of Object.values(TOOLS)) tools.setToolPassive(tool.toolName, { removeAllBindings: true });
      if (!isMeasuring(mode)) return;
      const bindings = [{ mouseButton: ToolEnums.MouseBindings.Primary }, { numTouchPoints: 1 }];
      tools.setToolActive(TOOLS[mode as MeasuringMode].toolName, { bindings });
    },
    undo() {
      const last = onSlice(stack).at(-1);
      if (last?.annotationUID) annotation.state.removeAnnotation(last.annotationUID);
      canvas.render();
    },
  };
}

/** What was drawn on the slice that is on screen. */
function onSlice(stack: Stack): Types.Annotation[] {
  const id = idOf(imageName(imageOf(stack)));
  return annotation.state.getAllAnnotations().filter(({ metadata }) => metadata?.referencedImageId === id);
}

function listenToMeasurements(stack: Stack, canvas: PixelCanvas, list: HTMLUListElement): void {
  let shown = "";
  const write = (): void => {
    const words = onSlice(stack).map(({ metadata, data }) =>
      measurementWords(metadata?.toolName ?? "", (data as { cachedStats?: Record<string, Statistics> }).cachedStats ?? {}),
    );
    const all = words.join("\n");
    if (all === shown) return;
    shown = all;
    list.replaceChildren(...words.filter(Boolean).map((text) => element("li", {}, text)));
  };
  const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = ToolEnums.Events;
  for (const event of [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED]) {
    eventTarget.addEventListener(event, write);
  }
  eventTarget.addEventListener(ANNOTATION_COMPLETED, () => {
    const words = onSlice(stack).at(-1);
    if (words) stack.say(list.lastElementChild?.textContent ?? "");
  });
  canvas.element.addEventListener(Enums.Events.IMAGE_RENDERED, write);
  // the numbers come a moment after the drawing
  canvas.element.addEventListener(ToolEnums.Events.ANNOTATION_RENDERED, write);
}
