import { metaData } from "@cornerstonejs/core";

import type { FrameHeader } from "./headers";

const headers = new Map<string, FrameHeader>();
let isRegistered = false;

/** Lets the engine ask for the header of this image. */
export function remember(imageId: string, header: FrameHeader): void {
  headers.set(imageId, header);
  if (isRegistered) return;
  isRegistered = true;
  metaData.addProvider((type: string, imageId: string) => {
    const known = headers.get(imageId);
    return known && answers[type]?.(known);
  });
}

export function headerFor(imageId: string): FrameHeader | undefined {
  return headers.get(imageId);
}

const answers: Record<string, ((header: FrameHeader) => object) | undefined> = {
  imagePixelModule: (header) => ({
    bitsAllocated: header.bitsAllocated,
    bitsStored: header.bitsStored,
    highBit: header.bitsStored - 1,
    samplesPerPixel: 1,
    // what is inverted is inverted here, in the open
    photometricInterpretation: "MONOCHROME2",
    pixelRepresentation: header.isSigned ? 1 : 0,
    rows: header.rows,
    columns: header.columns,
  }),
  imagePlaneModule: planeOf,
  generalSeriesModule: ({ modality }) => ({ modality }),
  modalityLutModule: ({ slope, intercept }) => ({ rescaleSlope: slope, rescaleIntercept: intercept }),
};

function planeOf(header: FrameHeader): object {
  const orientation = header.orientation ?? [1, 0, 0, 0, 1, 0];
  const [row, column] = header.pixelSpacing ?? [];
  return {
    frameOfReferenceUID: header.frameOfReferenceUid,
    rows: header.rows,
    columns: header.columns,
    imageOrientationPatient: orientation,
    rowCosines: orientation.slice(0, 3),
    columnCosines: orientation.slice(3),
    imagePositionPatient: header.position ?? [0, 0, 0],
    sliceThickness: header.sliceThickness,
    // undefined tells the tools to measure in pixels
    pixelSpacing: header.pixelSpacing,
    rowPixelSpacing: row,
    columnPixelSpacing: column,
    usingDefaultValues: !header.orientation,
  };
}
