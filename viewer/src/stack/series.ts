import type { WindowName } from "./windows";

/** One slice or radiograph. `uid` is the short form the server made; with `frame` it is the slice's address. */
export interface StackImage {
  uid: string;
  frame: number;
  url: string | null;
  urls: Partial<Record<WindowName, string>> | null;
  /** Distance of rows, then of columns, in mm: pixels need not be square. */
  pixelSpacing: readonly [number, number] | null;
}

export interface Series {
  uid: string;
  label: string;
  modality: string;
  /** The study it belongs to, in words ("Day 3 from onset"); series of one study stand together. */
  study: string;
  thumbnailUrl: string | null;
  isFirst: boolean;
  images: StackImage[];
}

type Fields = Record<string, unknown>;

/** Reads the page's JSON. A series without images is left out; anything malformed raises. */
export function readSeries(value: unknown): Series[] {
  if (!Array.isArray(value)) throw new TypeError("The list of series is not a list.");
  return value.map((item) => oneSeries(fields(item))).filter((series) => series.images.length > 0);
}

function oneSeries(item: Fields): Series {
  const images = item["images"];
  if (!Array.isArray(images)) throw new TypeError("A series has no list of images.");
  return {
    uid: text(item["uid"]),
    label: text(item["label"]),
    modality: text(item["modality"]),
    study: optionalText(item["study"]) ?? "",
    thumbnailUrl: optionalText(item["thumbnail_url"]),
    isFirst: item["is_first"] === true,
    images: images.map((image) => oneImage(fields(image), spacing(item["pixel_spacing_mm"]))),
  };
}

function oneImage(item: Fields, seriesSpacing: StackImage["pixelSpacing"]): StackImage {
  const url = optionalText(item["url"]);
  const urls = item["urls"] ? (fields(item["urls"]) as StackImage["urls"]) : null;
  if (url === null && urls === null) throw new TypeError("An image has no address.");
  return {
    uid: text(item["uid"]),
    frame: typeof item["frame"] === "number" ? item["frame"] : 1,
    url,
    urls,
    pixelSpacing: spacing(item["pixel_spacing_mm"]) ?? seriesSpacing,
  };
}

function spacing(value: unknown): StackImage["pixelSpacing"] {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [row, column] = value.map(Number);
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : null;
}

function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError("An object was expected.");
  return value as Fields;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("A text was expected.");
  return value;
}

function optionalText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
