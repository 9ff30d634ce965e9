import { TOOLS, type Tool } from "../annotations/annotation";
import type { Pair } from "../stack/projection";

/** Where a finding lies, as a hidden field of the form carries it. */
export interface Placement {
  /** The slice's address: "k3f9abcdabcdabcd-1". */
  readonly image: string;
  readonly tool: Tool;
  readonly pairs: readonly Pair[];
}

/** Null for nothing, and for what this page did not write: the server says what is wrong with that. */
export function readPlacement(written: string): Placement | null {
  const given = parsed(written);
  const tool = TOOLS.find((name) => name === given?.["tool"]);
  const [image, pairs] = [given?.["image"], given?.["graphic_data"]];
  if (typeof image !== "string" || tool === undefined || !Array.isArray(pairs) || pairs.length === 0) return null;
  return pairs.every(isPair) ? { image, tool, pairs } : null;
}

export function writePlacement(placement: Placement | null): string {
  if (!placement) return "";
  const { image, tool, pairs } = placement;
  return JSON.stringify({ image, tool, graphic_data: pairs });
}

function parsed(written: string): Record<string, unknown> | null {
  try {
    const given = JSON.parse(written) as unknown;
    return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isPair(given: unknown): given is Pair {
  return Array.isArray(given) && given.length === 2 && given.every(Number.isFinite);
}
