import { findImage } from "../stack/address";
import type { Pair, Projection } from "../stack/projection";
import type { Annotation, Tool } from "./annotation";
import { createClient } from "./client";
import { buildDesk, type Acts, type Desk } from "./desk";
import { listenToDrawing } from "./pointer";
import { createSheet, type Sheet } from "./sheet";
import { inMiddle } from "./shaping";
import type { Showing } from "./showing";

const PREVIEW = "preview";

interface Drawing {
  readonly showing: Showing;
  readonly sheet: Sheet;
  readonly desk: Desk;
  tool: Tool | null;
  cancel: () => void;
}

/** Lets a person draw, change and delete on the images; every change is saved as it is made. */
export function startDrawing(showing: Showing, root: string, csrf: string): void {
  const { layer, stack } = showing;
  const desk = buildDesk(showing.panel, stack.view);
  const sheet = createSheet(createClient(root, csrf), () => { refresh(drawing); }, newId);
  const drawing: Drawing = { showing, sheet, desk, tool: null, cancel: () => undefined };
  drawing.cancel = listenToDrawing({
    viewport: stack.view.viewport,
    svg: layer.svg,
    projection: () => projectionOn(drawing),
    tool: () => drawing.tool,
    preview(tool, pairs) {
      showing.preview(pairs && begun(showing, PREVIEW, tool, pairs));
    },
    drawn: (tool, pairs) => { draw(drawing, tool, pairs); },
    grasp(id) {
      showing.choose(id);
      return chosen(drawing);
    },
    move: (id, pairs, isOver) => { move(drawing, id, pairs, isOver); },
  }).cancel;
  layer.svg.classList.add("app-drawings--editable");
  desk.listen(acts(drawing));
  showing.listen({ loaded: sheet.adopt, chosen: () => { desk.show(sheet, chosen(drawing)); } });
  listenToPage(drawing);
  refresh(drawing);
}

const newId = (): string => crypto.randomUUID();

function projectionOn({ showing }: Drawing): Projection | null {
  return showing.stack.screen.projection?.() ?? null;
}

function begun(showing: Showing, id: string, tool: Tool, pairs: readonly Pair[]): Annotation | null {
  const image = showing.image();
  return image === null ? null : { id, image, tool, pairs, text: "", version: 0, changedBy: "" };
}

function refresh(drawing: Drawing): void {
  const { sheet, showing } = drawing;
  showing.set(sheet.drawings());
  drawing.desk.show(sheet, chosen(drawing));
}

function chosen({ sheet, showing }: Drawing): Annotation | null {
  return sheet.drawings().find(({ id }) => id === showing.chosen()) ?? null;
}

function take(drawing: Drawing, tool: Tool | null): void {
  drawing.cancel();
  drawing.tool = tool;
  drawing.showing.layer.svg.classList.toggle("app-drawings--drawing", tool !== null);
  drawing.desk.showTool(tool);
}

function draw(drawing: Drawing, tool: Tool, pairs: readonly Pair[]): void {
  const made = begun(drawing.showing, newId(), tool, pairs);
  if (!made) return;
  take(drawing, null);
  drawing.sheet.draw(made);
  drawing.showing.choose(made.id);
  drawing.desk.askForWords();
}

function move(drawing: Drawing, id: string, pairs: readonly Pair[], isOver: boolean): void {
  const moved = drawing.sheet.drawings().find((each) => each.id === id);
  drawing.showing.preview(isOver || !moved ? null : { ...moved, pairs });
  if (isOver) drawing.sheet.change(id, { pairs });
}

function acts(drawing: Drawing): Acts {
  const { sheet, showing } = drawing;
  const withChosen = (act: (id: string) => void): void => {
    const id = chosen(drawing)?.id;
    if (id) act(id);
  };
  return {
    tool: (wanted) => { take(drawing, wanted === drawing.tool ? null : wanted); },
    middle() {
      const size = projectionOn(drawing);
      if (drawing.tool && size) draw(drawing, drawing.tool, inMiddle(drawing.tool, size));
    },
    words: (text) => { withChosen((id) => { sheet.change(id, { text }); }); },
    pairs: (pairs) => { withChosen((id) => { sheet.change(id, { pairs }); }); },
    remove() {
      withChosen((id) => { sheet.change(id, { isGone: true }); });
      showing.choose(null);
    },
    undo() {
      const id = sheet.undo();
      if (id) bring(drawing, id);
      showing.choose(id);
    },
    mine: () => { withChosen((id) => { showing.choose(sheet.keepMine(id)); }); },
    theirs: () => { withChosen((id) => { sheet.takeTheirs(id); }); },
    retry: () => { sheet.retry(); },
  };
}

/** Brings the slice of a drawing on screen. */
function bring({ sheet, showing }: Drawing, id: string): void {
  const drawing = sheet.drawings().find((each) => each.id === id);
  if (drawing && findImage(showing.stack.list, drawing.image)) location.hash = `image=${drawing.image}`;
}

function listenToPage({ showing, sheet, desk }: Drawing): void {
  showing.stack.root.addEventListener("keydown", (event) => {
    const isTyped = event.target instanceof HTMLInputElement && event.target.type !== "range";
    if (isTyped || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    desk.pressUndo();
  });
  globalThis.addEventListener("online", () => { sheet.retry(); });
  // another editor may have drawn meanwhile
  globalThis.addEventListener("focus", () => {
    void showing.fetch().then((listed) => {
      if (listed) sheet.adopt(listed);
    });
  });
  globalThis.addEventListener("beforeunload", (event) => {
    if (sheet.state() !== "saved") event.preventDefault();
  });
}
