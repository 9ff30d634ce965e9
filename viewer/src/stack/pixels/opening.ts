import type { PixelAction } from "../keyboard";
import { isMeasuring, type Mode } from "../pointing";
import { showControls } from "../reporting";
import { seriesOf, type Screen, type Stack } from "../stack";
import { draggedWindow } from "../windowing";
import type { PixelCanvas } from "./canvas";
import { createCine } from "./cine";
import type { Measuring } from "./measuring";
import { listenToProbe } from "./probe";
import { createReformatting, type Reformatting } from "./reformatting";
import { createPixelScreen, type PixelScreen } from "./screen";
import { nextProjection, otherThickness } from "./slabs";
import { buildTools, showMode, type Tools } from "./tools";

const WINDOW_KEY_STEP = 0.02; // of the width, and twice that a press

interface Opened {
  stack: Stack;
  screen: PixelScreen;
  tools: Tools;
  play: () => void;
  reformatting: Reformatting;
  measuring: Promise<Measuring> | null;
}

/** The screen of stored pixels with all its tools; `onBroken` when pixels cannot be drawn here. */
export function openPixels(stack: Stack, onBroken: () => void): Screen {
  const tools = buildTools(stack.view);
  const close = (): void => {
    tools.remove();
    onBroken();
  };
  const screen = createPixelScreen(
    stack,
    (canvas) => {
      listenToProbe(stack, screen, canvas);
    },
    close,
  );
  const cine = createCine(stack, (isPlaying) => {
    tools.play.textContent = isPlaying ? "Stop" : "Play";
    tools.play.setAttribute("aria-pressed", String(isPlaying));
  });
  const reformatting = createReformatting(stack, screen, tools);
  const opened: Opened = { reformatting, stack, screen, tools, play: () => { cine.toggle(); }, measuring: null };
  const act = (action: PixelAction): void => {
    if (action.kind !== "play") cine.stop();
    perform(opened, action);
  };
  tools.listen(act, (slab) => {
    reformatting.slab(slab);
  });
  return {
    ...screen,
    show: () => {
      if (reformatting.keepUp()) {
        showControls(stack);
        return;
      }
      reformatting.close();
      screen.show();
      tools.play.hidden = seriesOf(stack).images.length < 2;
    },
    act,
    drag: (mode, across, down) => {
      drag(opened, mode, across, down);
    },
    projection: () => {
      const shown = screen.picture();
      const projection = screen.canvas()?.projection() ?? null;
      return projection && shown ? { ...projection, pixelSpacing: shown.header.pixelSpacing } : null;
    },
    close: () => {
      cine.stop();
      reformatting.close();
      screen.close?.();
    },
    reset: () => {
      stack.dragged = null;
      cine.stop();
      reformatting.close();
      choose(opened, "scroll");
      screen.canvas()?.resetView();
    },
  };
}

function perform(opened: Opened, action: PixelAction): void {
  const { screen } = opened;
  if (action.kind === "mode") choose(opened, action.mode);
  else if (action.kind === "play") opened.play();
  else if (action.kind === "center") changeWindow(opened, 0, action.by);
  else if (action.kind === "width") changeWindow(opened, action.by, 0);
  else if (action.kind === "planes") opened.reformatting.toggle();
  else if (action.kind === "projection" || action.kind === "thickness") changeSlab(opened, action);
  else if (action.kind === "undo") void opened.measuring?.then((measuring) => { measuring.undo(); });
  else withCanvas(screen.canvas(), action);
}

function changeSlab({ reformatting }: Opened, action: PixelAction): void {
  const slab = reformatting.chosenSlab();
  if (action.kind === "projection") reformatting.slab(nextProjection(slab));
  else if (action.kind === "thickness") reformatting.slab(otherThickness(slab, action.by));
}

function withCanvas(canvas: PixelCanvas | null, action: PixelAction): void {
  if (action.kind === "zoom") canvas?.zoomBy(action.by);
  else if (action.kind === "pan") canvas?.panBy(action.across, action.down);
  else if (action.kind === "rotate") canvas?.rotate();
  else if (action.kind === "mirror") canvas?.mirror();
}

function choose(opened: Opened, mode: Mode): void {
  const { stack, screen, tools } = opened;
  const canvas = screen.canvas();
  if (isMeasuring(mode) && !canvas) return;
  stack.mode = mode;
  showMode(stack.view, tools, mode);
  if (isMeasuring(mode)) opened.measuring ??= measuringOn(opened);
  opened.measuring?.then(
    (measuring) => {
      measuring.use(stack.mode);
    },
    () => {
      opened.measuring = null;
      stack.say("The measuring tools did not load.");
      choose(opened, "scroll");
    },
  );
}

async function measuringOn({ stack, screen, tools }: Opened): Promise<Measuring> {
  const { createMeasuring } = await import("./measuring");
  const canvas = screen.canvas();
  if (!canvas) throw new Error("Nothing is drawn yet.");
  return createMeasuring(stack, canvas, tools.measurements);
}

function drag(opened: Opened, mode: Mode, across: number, down: number): void {
  const canvas = opened.screen.canvas();
  if (mode === "window") changeWindow(opened, across, down, opened.stack.view.viewport.clientHeight);
  else if (mode === "move") canvas?.panBy(across, down);
  else if (mode === "zoom") canvas?.zoomBy(Math.exp(-down / 150));
}

function changeWindow({ stack, screen }: Opened, across: number, down: number, span = 1 / WINDOW_KEY_STEP): void {
  const from = screen.window();
  if (!from) return;
  stack.wasMoved = true;
  stack.dragged = draggedWindow(from, across, down, span);
  stack.screen.show();
}
