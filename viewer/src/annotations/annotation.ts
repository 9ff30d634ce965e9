import type { Pair } from "../stack/projection";

export const TOOLS = ["arrow", "length", "ellipse", "rectangle", "polygon", "text"] as const;
export type Tool = (typeof TOOLS)[number];

export const TOOL_NAMES: Readonly<Record<Tool, string>> = {
  arrow: "Arrow",
  length: "Length",
  ellipse: "Ellipse",
  rectangle: "Rectangle",
  polygon: "Polygon",
  text: "Text",
};

/** What is drawn on one slice, as docs/annotations.md says. */
export interface Annotation {
  readonly id: string;
  /** The slice's address: "k3f9abcdabcdabcd-1". */
  readonly image: string;
  readonly tool: Tool;
  readonly pairs: readonly Pair[];
  readonly text: string;
  readonly version: number;
  /** Who changed it last; members only are told. */
  readonly changedBy: string;
}

type Fields = Record<string, unknown>;

/** Reads the answer to a list; raises for anything but what the protocol says. */
export function readAnnotations(answer: unknown): Annotation[] {
  const list = (answer as Fields | null)?.["annotations"];
  if (!Array.isArray(list)) throw new TypeError("The list of drawings is not a list.");
  return list.map(readAnnotation);
}

export function readAnnotation(value: unknown): Annotation {
  const given = value as Fields;
  const { id, image, tool, text, version } = given;
  const [known, pairs] = [TOOLS.find((name) => name === tool), given["graphic_data"]];
  if (typeof id !== "string" || typeof image !== "string" || typeof text !== "string") throw new TypeError("A drawing lacks a text.");
  if (known === undefined || typeof version !== "number" || !Array.isArray(pairs)) throw new TypeError("This is no drawing.");
  const changedBy = typeof given["changed_by"] === "string" ? given["changed_by"] : "";
  return { id, image, tool: known, pairs: pairs.map(readPair), text, version, changedBy };
}

function readPair(value: unknown): Pair {
  const [column, row] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof column !== "number" || typeof row !== "number") throw new TypeError("A pair is two numbers.");
  return [column, row];
}

/** "Arrow: Crazy paving", or the tool's name alone. */
export function wordsOf({ tool, text }: Pick<Annotation, "tool" | "text">): string {
  return text ? `${TOOL_NAMES[tool]}: ${text}` : TOOL_NAMES[tool];
}

export function samePairs(some: readonly Pair[], others: readonly Pair[]): boolean {
  return some.length === others.length && some.every(([column, row], at) => others[at]?.[0] === column && others[at][1] === row);
}
