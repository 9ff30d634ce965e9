/** How the voxels of a slab become one plane; "plane" is no slab. */
export const PROJECTIONS = ["plane", "brightest", "darkest"] as const;
export type Projection = (typeof PROJECTIONS)[number];

export interface Slab {
  projection: Projection;
  /** In mm; of no account for a plane. */
  thickness: number;
}

export const THICKNESSES = [5, 10, 20, 40] as const;
export const PLANE: Slab = { projection: "plane", thickness: 10 };

const NAMES: Readonly<Record<Projection, string>> = {
  plane: "Single plane",
  brightest: "Brightest of a slab (MIP)",
  darkest: "Darkest of a slab (MinIP)",
};

export function projectionName(projection: Projection): string {
  return NAMES[projection];
}

/** "Brightest of a slab (MIP), 10 mm" */
export function slabWords({ projection, thickness }: Slab): string {
  return projection === "plane" ? NAMES.plane : `${NAMES[projection]}, ${thickness} mm`;
}

/** The next projection, as one key goes round. */
export function nextProjection({ projection, thickness }: Slab): Slab {
  const next = PROJECTIONS[(PROJECTIONS.indexOf(projection) + 1) % PROJECTIONS.length] as Projection;
  return { projection: next, thickness };
}

/** The next thickness in one direction, as far as there is one. */
export function otherThickness({ projection, thickness }: Slab, by: 1 | -1): Slab {
  const sizes: readonly number[] = THICKNESSES;
  const index = Math.max(0, Math.min(sizes.length - 1, sizes.indexOf(thickness) + by));
  return { projection, thickness: sizes[index] ?? thickness };
}
