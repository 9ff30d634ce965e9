import type { Place } from "./address";
import type { Series } from "./series";

/** What is on screen before anybody touches anything: the series that teaches first, at a telling slice. */
export function firstPlace(list: readonly Series[]): Place {
  const series = Math.max(0, firstSeries(list));
  return { series, image: firstImage(list[series]) };
}

function firstSeries(list: readonly Series[]): number {
  const chosen = list.findIndex((series) => series.isFirst);
  if (chosen >= 0) return chosen;
  const firstStudy = list.filter((series) => series.study === list[0]?.study);
  const frontal = firstStudy.findIndex(
    (series) => ["CR", "DX"].includes(series.modality) && /\b(PA|AP|frontal)\b/i.test(series.label),
  );
  if (frontal >= 0) return frontal;
  const lung = firstStudy.findIndex((series) => series.modality === "CT" && /lung/i.test(series.label));
  if (lung >= 0) return lung;
  const largest = Math.max(...firstStudy.map((series) => series.images.length));
  return firstStudy.findIndex((series) => series.images.length === largest);
}

/** What to lay beside a series: its like in another study, else in its own; null for an only one. */
export function seriesBeside(list: readonly Series[], index: number): number | null {
  const own = list[index];
  if (!own || list.length < 2) return null;
  const isLung = (series: Series): boolean => /lung/i.test(series.label);
  const likeness = (series: Series): number =>
    (series.modality === own.modality ? 8 : 0) +
    (series.study !== own.study ? 4 : 0) +
    (series.label === own.label ? 2 : 0) +
    (isLung(series) === isLung(own) ? 1 : 0);
  const others = [...list.keys()].filter((other) => other !== index);
  return others.reduce((best, other) => (likeness(list[other] as Series) > likeness(list[best] as Series) ? other : best));
}

/** The middle of a stack shows lung; its first slice shows shoulders. */
export function firstImage(series: Series | undefined): number {
  return series ? Math.floor((series.images.length - 1) / 2) : 0;
}

export interface StudyGroup {
  label: string;
  series: number[];
}

/** The series by study, in the order in which the studies come. */
export function byStudy(list: readonly Series[]): StudyGroup[] {
  const groups: StudyGroup[] = [];
  for (const [index, series] of list.entries()) {
    const group = groups.find(({ label }) => label === series.study);
    if (group) group.series.push(index);
    else groups.push({ label: series.study, series: [index] });
  }
  return groups;
}
