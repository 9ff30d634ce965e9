import { LoadError } from "./loading";

const KEPT = 24; // decoded slices; a 512 × 512 one is 1 MB

export interface Pictures {
  get(blob: Blob): ImageBitmap | undefined;
  /** Raises LoadError when the bytes are no picture. */
  decode(blob: Blob): Promise<ImageBitmap>;
}

/** Decoded pictures, the newest few: drawing one is then immediate. */
export function createPictures(): Pictures {
  const kept = new Map<Blob, ImageBitmap>();
  return {
    get: (blob) => kept.get(blob),
    async decode(blob) {
      const known = kept.get(blob);
      if (known) {
        kept.delete(blob);
        kept.set(blob, known);
        return known;
      }
      const bitmap = await createImageBitmap(blob).catch(() => {
        throw new LoadError(0);
      });
      kept.set(blob, bitmap);
      for (const [oldest, old] of kept) {
        if (kept.size <= KEPT) break;
        kept.delete(oldest);
        old.close();
      }
      return bitmap;
    },
  };
}

/** Draws the whole picture, stretched where pixels are not square, and forgets what was there before. */
export function draw(
  canvas: HTMLCanvasElement,
  bitmap: ImageBitmap,
  pixelSpacing: readonly [number, number] | null,
): void {
  const stretch = pixelSpacing ? pixelSpacing[0] / pixelSpacing[1] : 1;
  canvas.width = bitmap.width;
  canvas.height = Math.max(1, Math.round(bitmap.height * stretch));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

export function wipe(canvas: HTMLCanvasElement): void {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}
