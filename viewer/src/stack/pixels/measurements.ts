/** What the tools keep of one measurement; which of it is there depends on the tool. */
export interface Statistics {
  length?: number;
  unit?: string;
  angle?: number | string;
  area?: number;
  areaUnit?: string;
  mean?: number;
  stdDev?: number;
  modalityUnit?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  Length: "Length",
  Angle: "Angle",
  RectangleROI: "Rectangle",
  EllipticalROI: "Ellipse",
};

/** "Ellipse: area 42.0 mm², mean −812.4 HU, standard deviation 31.0 HU"; "" while there is nothing to say. */
export function measurementWords(tool: string, cached: Readonly<Record<string, Statistics>>): string {
  if (tool === "ArrowAnnotate") return "Arrow";
  const name = NAMES[tool];
  const [found] = Object.values(cached);
  if (name === undefined || !found) return "";
  const parts = partsOf(found);
  return parts.length > 0 ? `${name}: ${parts.join(", ")}` : "";
}

function partsOf(found: Statistics): string[] {
  const unit = found.modalityUnit ? ` ${found.modalityUnit}` : "";
  const parts: string[] = [];
  if (isNumber(found.length)) parts.push(`${written(found.length)} ${found.unit ?? "px"}`);
  if (isNumber(found.angle)) parts.push(`${written(found.angle)}°`);
  if (isNumber(found.area)) parts.push(`area ${written(found.area)} ${found.areaUnit ?? "px"}`);
  if (isNumber(found.mean)) parts.push(`mean ${written(found.mean)}${unit}`);
  if (isNumber(found.stdDev)) parts.push(`standard deviation ${written(found.stdDev)}${unit}`);
  return parts;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function written(value: number): string {
  return value.toFixed(1).replace("-", "\u2212");
}
