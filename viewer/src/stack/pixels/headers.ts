import { fetchJson } from "../fetching";
import { DAMAGED, LoadError } from "../loading";
import type { Series, StackImage } from "../series";
import type { Window } from "../windowing";
import { instanceUid, metadataAddress } from "./addresses";

/** What drawing and measuring one frame needs of its header. */
export interface FrameHeader {
  rows: number;
  columns: number;
  bitsAllocated: number;
  bitsStored: number;
  isSigned: boolean;
  slope: number;
  intercept: number;
  /** Whether the lowest value is white. */
  isInverted: boolean;
  window: Window | null;
  modality: string;
  frameOfReferenceUid: string;
  /** Distance of rows, then of columns, in mm. */
  pixelSpacing: readonly [number, number] | null;
  orientation: readonly number[] | null;
  position: readonly number[] | null;
  /** Where the rows and the columns of a radiograph run to, in letters. */
  directions: readonly [string, string] | null;
  sliceThickness: number;
}

type Attributes = Record<string, { Value?: unknown[] } | undefined>;

const SHARED_GROUPS = "52009229";
const FRAME_GROUPS = "52009230";
const GROUPS = { values: "00289145", window: "00289132", measures: "00289110", position: "00209113", orientation: "00209116" };

const asked = new WeakMap<Series, Promise<Map<string, Attributes>>>();

/** The header of one frame; a series is asked for once. Raises LoadError. */
export async function headerOf(series: Series, image: StackImage): Promise<FrameHeader> {
  return headerIn(await attributesOf(series), image);
}

/** The headers of a whole series, in the order of its images. Raises LoadError. */
export async function headersOf(series: Series): Promise<FrameHeader[]> {
  const instances = await attributesOf(series);
  return series.images.map((image) => headerIn(instances, image));
}

function headerIn(instances: Map<string, Attributes>, image: StackImage): FrameHeader {
  const attributes = instances.get(instanceUid(image));
  if (!attributes) throw new LoadError(404);
  return readHeader(attributes, image.frame);
}

function attributesOf(series: Series): Promise<Map<string, Attributes>> {
  let instances = asked.get(series);
  if (!instances) {
    instances = instancesOf(series);
    asked.set(series, instances);
    // what failed is asked for again by the next try
    instances.catch(() => asked.delete(series));
  }
  return instances;
}

async function instancesOf(series: Series): Promise<Map<string, Attributes>> {
  const answer = await fetchJson(metadataAddress(series));
  if (!Array.isArray(answer)) throw new LoadError(DAMAGED);
  const list = answer as Attributes[];
  return new Map(list.map((attributes) => [textOf(attributes, "00080018"), attributes]));
}

/** Reads one frame's header from DICOM JSON (PS3.18 Annex F). Raises LoadError when it cannot be drawn. */
export function readHeader(attributes: Attributes, frame: number): FrameHeader {
  const rows = numberOf(attributes, "00280010");
  const columns = numberOf(attributes, "00280011");
  const bitsAllocated = numberOf(attributes, "00280100");
  if (!rows || !columns || !bitsAllocated) throw new LoadError(DAMAGED);
  const group = (name: keyof typeof GROUPS): Attributes => groupOf(attributes, frame, GROUPS[name]);
  // INVERSE already stands for MONOCHROME1, it does not invert twice (C.8.11.3.1.5)
  const isInverted = textOf(attributes, "00280004") === "MONOCHROME1" || textOf(attributes, "20500020") === "INVERSE";
  return {
    rows,
    columns,
    bitsAllocated,
    bitsStored: numberOf(attributes, "00280101") ?? bitsAllocated,
    isSigned: numberOf(attributes, "00280103") === 1,
    slope: numberOf(group("values"), "00281053") ?? 1,
    intercept: numberOf(group("values"), "00281052") ?? 0,
    isInverted,
    window: windowOf(group("window")),
    modality: textOf(attributes, "00080060"),
    frameOfReferenceUid: textOf(attributes, "00200052"),
    pixelSpacing: spacingOf(group("measures")),
    orientation: numbersOf(group("orientation"), "00200037", 6),
    position: numbersOf(group("position"), "00200032", 3),
    directions: directionsOf(attributes),
    sliceThickness: numberOf(group("measures"), "00180050") ?? 0,
  };
}

/** Where a frame's attributes are: its own functional group, the shared one, or the top of a single frame. */
function groupOf(attributes: Attributes, frame: number, tag: string): Attributes {
  const places = [attributes[FRAME_GROUPS]?.Value?.[frame - 1], attributes[SHARED_GROUPS]?.Value?.[0]];
  for (const place of places as (Attributes | undefined)[]) {
    const item = place?.[tag]?.Value?.[0];
    if (item) return item as Attributes;
  }
  return attributes;
}

function windowOf(group: Attributes): Window | null {
  const center = numberOf(group, "00281050");
  const width = numberOf(group, "00281051");
  if (center === undefined || width === undefined || width < 1) return null;
  const kind = textOf(group, "00281056");
  return { center, width, kind: kind === "LINEAR_EXACT" || kind === "SIGMOID" ? kind : "LINEAR" };
}

function spacingOf(group: Attributes): FrameHeader["pixelSpacing"] {
  // a radiograph may know its spacing at the detector alone
  const [row, column] = numbersOf(group, "00280030", 2) ?? numbersOf(group, "00181164", 2) ?? [];
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : null;
}

function directionsOf(attributes: Attributes): FrameHeader["directions"] {
  const values = attributes["00200020"]?.Value ?? [];
  const [row, column] = values.map((value) => (typeof value === "string" && /^[LRAPHF]{1,3}$/.test(value) ? value : ""));
  return row && column ? [row, column] : null;
}

function numbersOf(attributes: Attributes, tag: string, count: number): number[] | null {
  const values = (attributes[tag]?.Value ?? []).map(Number);
  return values.length === count && values.every(Number.isFinite) ? values : null;
}

function numberOf(attributes: Attributes, tag: string): number | undefined {
  const [value] = attributes[tag]?.Value ?? [];
  const number = value === undefined || value === null ? NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function textOf(attributes: Attributes, tag: string): string {
  const [value] = attributes[tag]?.Value ?? [];
  return typeof value === "string" ? value : "";
}
