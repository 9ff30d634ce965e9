import type { Annotation, Tool } from "../annotations/annotation";
import { listenToDrawing } from "../annotations/pointer";
import { inMiddle, shifted } from "../annotations/shaping";
import type { Showing } from "../annotations/showing";
import { findImage } from "../stack/address";
import type { Pair, Projection } from "../stack/projection";
import { seriesOf, type Stack } from "../stack/stack";
import { offerMoreRows } from "./adding";
import { buildRow, type Acts, type Row } from "./row";
import { buildToolbar, type Toolbar } from "./toolbar";

const PREVIEW = "preview";
const NOT_SHOWN = "The image is not on screen yet. Wait until it is shown.";
const STEPS = 50; // presses of a button from one side of an image to the other
const ANYWHERE = { columns: Infinity, rows: Infinity };
const LEAST_STEP = 10; // pixels, where the image's size is not known

interface Placing {
  readonly showing: Showing;
  readonly toolbar: Toolbar;
  readonly rows: Row[];
  /** The finding that is being placed. */
  row: Row | null;
  tool: Tool;
  cancel: () => void;
}

/** Lets a reader place the findings of the form on the images; the form's draft keeps where. */
export function startPlacing(showing: Showing, form: HTMLElement): void {
  const { stack } = showing;
  // the form lists the findings
  showing.panel.remove();
  const rows: Row[] = [];
  const placing: Placing = { showing, toolbar: buildToolbar(stack.view), rows, row: null, tool: "arrow", cancel: () => undefined };
  const take = (root: HTMLElement): void => {
    const row = buildRow(root);
    row.listen(actsOn(placing, row));
    rows.push(row);
  };
  for (const root of form.querySelectorAll<HTMLElement>("[data-finding]")) take(root);
  for (const list of form.querySelectorAll<HTMLElement>("[data-most-findings]")) {
    offerMoreRows(list, (root) => {
      take(root);
      refresh(placing);
    });
  }
  placing.cancel = listenToDrawing({
    viewport: stack.view.viewport,
    svg: showing.layer.svg,
    projection: () => projectionOn(placing),
    tool: () => (placing.row ? placing.tool : null),
    preview(tool, pairs) {
      showing.preview(pairs && begun(placing, tool, pairs));
    },
    drawn(tool, pairs) {
      const { row } = placing;
      if (lay(placing, tool, pairs)) row?.focus();
    },
    grasp(id) {
      showing.choose(id);
      return rows.find((row) => row.id === id)?.placement() ?? null;
    },
    move: (id, pairs, isOver) => { move(placing, id, pairs, isOver); },
  }).cancel;
  showing.layer.svg.classList.add("app-drawings--editable");
  showing.listen({ loaded: () => undefined, chosen: () => { showRows(placing); } });
  listenToPage(placing, form);
  refresh(placing);
}

function projectionOn({ showing }: Placing): Projection | null {
  return showing.stack.screen.projection?.() ?? null;
}

function begun({ showing, row }: Placing, tool: Tool, pairs: readonly Pair[]): Annotation | null {
  const image = showing.image();
  return image === null ? null : { id: PREVIEW, image, tool, pairs, text: row?.meaning() ?? "", version: 0, changedBy: "" };
}

function drawingOf(row: Row): Annotation[] {
  const placement = row.placement();
  return placement ? [{ ...placement, id: row.id, text: row.meaning(), version: 0, changedBy: "" }] : [];
}

function refresh(placing: Placing): void {
  placing.showing.set(placing.rows.flatMap(drawingOf));
  showRows(placing);
}

function showRows({ showing, rows }: Placing): void {
  for (const row of rows) {
    const placement = row.placement();
    row.show(placement ? whereWords(showing.stack, placement.image) : "", showing.chosen() === row.id);
  }
}

/** "slice 42 of 60", as the stack counts; with its series where there are several. */
export function whereWords(stack: Pick<Stack, "list">, image: string): string {
  const place = findImage(stack.list, image);
  if (!place) return "an image that is no longer shown";
  const { images, label } = seriesOf(stack as Stack, place);
  const slice = images.length === 1 ? "the image" : `slice ${place.image + 1} of ${images.length}`;
  return stack.list.length > 1 ? `${slice}, ${label}` : slice;
}

function begin(placing: Placing, row: Row): void {
  const { showing } = placing;
  const { stack } = showing;
  placing.cancel();
  placing.row = row;
  bringStudy(placing, row);
  showing.layer.svg.classList.add("app-drawings--drawing");
  placing.toolbar.show(row.words(), placing.tool);
  stack.view.viewport.scrollIntoView({ block: "nearest" });
  // where both are not in sight at once, what to do comes first
  placing.toolbar.element.scrollIntoView({ block: "nearest" });
  stack.view.viewport.focus({ preventScroll: true });
  stack.say(`Place ${row.words()}: scroll to its slice, then Enter puts it in the middle and Escape gives up`);
}

function end(placing: Placing): void {
  placing.cancel();
  placing.row = null;
  placing.showing.layer.svg.classList.remove("app-drawings--drawing");
  placing.toolbar.show(null, placing.tool);
}

/** A finding lies on an image of its own study, so one of its slices comes on screen. */
function bringStudy({ showing }: Placing, row: Row): void {
  const { list } = showing.stack;
  const image = showing.image();
  if (image !== null && isOf(row, showing.stack, image)) return;
  const series = list.find(({ uid }) => row.series.includes(uid));
  const middle = series?.images[Math.floor(series.images.length / 2)];
  if (middle) location.hash = `image=${middle.uid}-${middle.frame}`;
}

function isOf(row: Row, stack: Stack, image: string): boolean {
  const place = findImage(stack.list, image);
  return place !== null && row.series.includes(seriesOf(stack, place).uid);
}

/** Puts the finding on the slice on screen; says whether it may lie there. */
function lay(placing: Placing, tool: Tool, pairs: readonly Pair[]): boolean {
  const { row, showing } = placing;
  const image = showing.image();
  if (!row) return false;
  if (image === null) {
    placing.toolbar.tell(NOT_SHOWN);
    return false;
  }
  if (!isOf(row, showing.stack, image)) {
    placing.toolbar.tell("This image is of another study. Choose a series of the study that the finding is of.");
    return false;
  }
  end(placing);
  row.put({ image, tool, pairs });
  showing.choose(row.id);
  refresh(placing);
  showing.stack.say(`${row.words()} placed on ${whereWords(showing.stack, image)}`);
  return true;
}

function move(placing: Placing, id: string, pairs: readonly Pair[], isOver: boolean): void {
  const { showing, rows } = placing;
  const row = rows.find((each) => each.id === id);
  const placement = row?.placement();
  if (!row || !placement) return;
  showing.preview(isOver ? null : { ...placement, pairs, id, text: row.meaning(), version: 0, changedBy: "" });
  if (isOver) change(placing, row, pairs);
}

function change(placing: Placing, row: Row, pairs: readonly Pair[]): void {
  const placement = row.placement();
  if (placement) row.put({ ...placement, pairs });
  refresh(placing);
}

function putInMiddle(placing: Placing): void {
  const { row, tool } = placing;
  const size = projectionOn(placing);
  if (!size) placing.toolbar.tell(NOT_SHOWN);
  else if (row && lay(placing, tool, inMiddle(tool, size))) row.focusMoves();
}

function giveUp(placing: Placing): void {
  const { row } = placing;
  end(placing);
  row?.focus();
}

function actsOn(placing: Placing, row: Row): Acts {
  const { showing } = placing;
  return {
    place: () => { begin(placing, row); },
    takeOff() {
      row.put(null);
      refresh(placing);
      row.focus();
    },
    remove() {
      row.clear();
      refresh(placing);
    },
    move(across, down) {
      const placement = row.placement();
      if (!placement) return;
      const isHere = showing.image() === placement.image;
      const size = isHere ? projectionOn(placing) : null;
      const step = size ? Math.max(1, Math.round(Math.min(size.columns, size.rows) / STEPS)) : LEAST_STEP;
      if (!isHere) row.bring();
      change(placing, row, shifted(placement.pairs, [across * step, down * step], size ?? ANYWHERE));
    },
    pairs: (pairs) => { change(placing, row, pairs); },
  };
}

function listenToPage(placing: Placing, form: HTMLElement): void {
  const { viewport } = placing.showing.stack.view;
  placing.toolbar.listen({
    tool(tool) {
      placing.cancel();
      placing.tool = tool;
      placing.toolbar.show(placing.row?.words() ?? null, tool);
      viewport.focus({ preventScroll: true });
    },
    middle: () => { putInMiddle(placing); },
    cancel: () => { giveUp(placing); },
  });
  viewport.addEventListener("keydown", (event) => {
    if (!placing.row || event.target !== viewport) return;
    if (event.key === "Enter") putInMiddle(placing);
    else if (event.key === "Escape") giveUp(placing);
    else return;
    event.preventDefault();
  });
  form.addEventListener("change", () => { refresh(placing); });
}
