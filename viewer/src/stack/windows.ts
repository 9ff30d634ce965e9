import type { Series, StackImage } from "./series";

/** The names addresses and buttons use; "own" is the window the file itself asks for. */
export const WINDOWS = ["lung", "mediastinum", "bone", "soft-tissue", "pe", "own"] as const;
export type WindowName = (typeof WINDOWS)[number];

interface Preset {
  label: string;
  /** Centre and width in Hounsfield units; the file's own has none. */
  values: readonly [center: number, width: number] | null;
}

export const PRESETS: Readonly<Record<WindowName, Preset>> = {
  lung: { label: "Lung", values: [-600, 1500] },
  mediastinum: { label: "Mediastinum", values: [40, 400] },
  bone: { label: "Bone", values: [400, 1800] },
  "soft-tissue": { label: "Soft tissue", values: [50, 350] },
  pe: { label: "Pulmonary embolism", values: [100, 700] },
  own: { label: "As stored", values: null },
};

export function isWindow(name: string): name is WindowName {
  return (WINDOWS as readonly string[]).includes(name);
}

/** The presets that mean something for this series, in the order of their keys 1 to 6. */
export function windowsOf(series: Series): WindowName[] {
  const first = series.images[0];
  if (first?.urls) {
    const rendered = first.urls;
    return WINDOWS.filter((name) => name in rendered || (name === "own" && first.url !== null));
  }
  // Hounsfield presets say nothing about a radiograph
  return series.modality === "CT" ? [...WINDOWS] : ["own"];
}

/** CT opens on lung, everything else as it was stored. */
export function firstWindow(series: Series): WindowName {
  const windows = windowsOf(series);
  return windows.includes("lung") ? "lung" : (windows[0] ?? "own");
}

/** Where the picture of `image` in this window is: a rendered object, or the DICOMweb `window` parameter. */
export function imageAddress(image: StackImage, name: WindowName): string {
  const rendered = image.urls?.[name];
  if (rendered !== undefined) return rendered;
  const url = image.url ?? Object.values(image.urls ?? {})[0] ?? "";
  const values = PRESETS[name].values;
  if (!values || image.urls) return url;
  // PS3.18 8.3.5.1.4: centre, width, function
  return `${url}${url.includes("?") ? "&" : "?"}window=${values[0]},${values[1]},linear`;
}
