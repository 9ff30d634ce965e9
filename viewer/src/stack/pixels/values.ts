import type { Decoded, Values } from "./decoding";
import type { FrameHeader } from "./headers";

/** What a decoder says of the frame it decoded. */
export interface FrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
}

/**
 * Stored values through Rescale Slope and Intercept, in the narrowest type that holds them.
 * Raises RangeError when the frame is not of the size and depth its header says.
 */
export function modalityValues(info: FrameInfo, decoded: Uint8Array, header: FrameHeader): Decoded {
  const { rows, columns, slope, intercept } = header;
  const bytes = info.bitsPerSample > 8 ? 2 : 1;
  const isWhole = decoded.byteLength === rows * columns * bytes;
  if (info.width !== columns || info.height !== rows || info.componentCount !== 1 || !isWhole) {
    throw new RangeError("The frame is not what its header says.");
  }
  const stored = storedValues(decoded, bytes, header.isSigned);
  const ends = endsOf(stored);
  const [a, b] = ends.map((value) => value * slope + intercept) as [number, number];
  const [lowest, highest] = [Math.min(a, b), Math.max(a, b)];
  const values = room(lowest, highest, Number.isInteger(slope) && Number.isInteger(intercept), stored.length);
  for (let index = 0; index < stored.length; index += 1) {
    values[index] = (stored[index] as number) * slope + intercept;
  }
  return { values, lowest, highest };
}

// frames are stored as the bits they were, whatever their sign
function storedValues(decoded: Uint8Array, bytes: 1 | 2, isSigned: boolean): Int8Array | Uint8Array | Int16Array | Uint16Array {
  const own = decoded.slice();
  if (bytes === 1) return isSigned ? new Int8Array(own.buffer) : own;
  return isSigned ? new Int16Array(own.buffer) : new Uint16Array(own.buffer);
}

function endsOf(values: ArrayLike<number>): [number, number] {
  let [lowest, highest] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

function room(lowest: number, highest: number, isWhole: boolean, length: number): Values {
  if (!isWhole) return new Float32Array(length);
  if (lowest >= -32_768 && highest <= 32_767) return new Int16Array(length);
  return lowest >= 0 && highest <= 65_535 ? new Uint16Array(length) : new Float32Array(length);
}
