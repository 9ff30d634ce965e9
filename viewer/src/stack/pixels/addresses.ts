import type { Series, StackImage } from "../series";

const RENDERED = /^(.*\/studies\/[^/]+\/series\/[^/]+)\/instances\/([^/?]+)(?:\/frames\/\d+)?\/rendered(?:\?.*)?$/;

interface Parts {
  series: string;
  instance: string;
}

/** The DICOMweb address of the series and the SOP Instance UID in a picture's address; null for any other picture. */
function partsOf(image: StackImage | undefined): Parts | null {
  const [, series, instance] = RENDERED.exec(image?.url ?? "") ?? [];
  return series !== undefined && instance !== undefined ? { series, instance } : null;
}

/** Whether every image of the series has its stored pixels under `root`, the page's DICOMweb address. */
export function hasPixels(series: Series, root: string): boolean {
  return series.images.every((image) => partsOf(image) !== null && image.url?.startsWith(root));
}

export function metadataAddress(series: Series): string {
  return `${partsOf(series.images[0])?.series ?? ""}/metadata`;
}

export function frameAddress(image: StackImage): string {
  const parts = partsOf(image);
  return `${parts?.series ?? ""}/instances/${parts?.instance ?? ""}/frames/${image.frame}`;
}

export function instanceUid(image: StackImage): string {
  return partsOf(image)?.instance ?? "";
}
