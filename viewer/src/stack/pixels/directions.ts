import { element } from "../../elements";
import type { FrameHeader } from "./headers";

/** Which way of the patient each edge of a picture looks: "L", "PH"; "" where nobody knows. */
export interface Edges {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

type Vector = readonly number[];

// the patient's axes (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head
const AXES = [["L", "R"], ["P", "A"], ["H", "F"]] as const;
const OPPOSITES: Readonly<Record<string, string>> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };
const OBLIQUE = 0.3; // of the whole length, some 17 degrees: what deserves a second letter

/** The letters of a direction in the patient, the nearest axis first. */
export function lettersOf(direction: Vector): string {
  const length = Math.hypot(...direction);
  if (!(length > 0)) return "";
  return direction
    .map((part, axis) => ({ part: part / length, axis }))
    .filter(({ part }) => Math.abs(part) > OBLIQUE)
    .sort((one, other) => Math.abs(other.part) - Math.abs(one.part))
    .map(({ part, axis }) => AXES[axis]?.[part > 0 ? 0 : 1] ?? "")
    .join("");
}

export function oppositeOf(letters: string): string {
  return letters.split("").map((letter) => OPPOSITES[letter] ?? "").join("");
}

/** The edges of a picture whose right and lower edge look along these directions in space. */
export function edgesOf(rightwards: Vector, downwards: Vector): Edges {
  const [right, bottom] = [lettersOf(rightwards), lettersOf(downwards)];
  return { left: oppositeOf(right), right, top: oppositeOf(bottom), bottom };
}

/**
 * The same for a radiograph, which knows the directions of its rows and its columns alone. Its space
 * is its own: the first axis runs along its rows, the second down its columns.
 */
export function edgesOfProjection(header: FrameHeader, rightwards: Vector, downwards: Vector): Edges {
  const named = (direction: Vector): string => {
    const [along = 0, down = 0] = direction;
    const isAlong = Math.abs(along) >= Math.abs(down);
    const letters = header.directions?.[isAlong ? 0 : 1] ?? "";
    return (isAlong ? along : down) > 0 ? letters : oppositeOf(letters);
  };
  const [right, bottom] = [named(rightwards), named(downwards)];
  return { left: oppositeOf(right), right, top: oppositeOf(bottom), bottom };
}

const SIDES = ["left", "right", "top", "bottom"] as const;
const WORDS: Readonly<Record<string, string>> = { L: "left", R: "right", A: "front", P: "back", H: "head", F: "feet" };

export interface EdgeLetters {
  show(edges: Edges | null): void;
}

/** Letters at the edges of a picture, of which side of the patient lies there. */
export function letterEdges(surface: HTMLElement): EdgeLetters {
  const marks = new Map(SIDES.map((side) => [side, element("abbr", { className: `app-stack__edge app-stack__edge--${side}` })]));
  surface.append(...marks.values());
  return {
    show(edges) {
      for (const [side, mark] of marks) {
        const letters = edges?.[side] ?? "";
        if (mark.textContent === letters) continue;
        mark.textContent = letters;
        mark.title = letters.split("").map((letter) => WORDS[letter] ?? "").join(" and ");
      }
    },
  };
}
