import { DAMAGED, LoadError } from "../loading";
import type { FrameHeader } from "./headers";

export type Values = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** One frame's modality values (CT: Hounsfield units), row by row. */
export interface Decoded {
  values: Values;
  lowest: number;
  highest: number;
}

export interface Task {
  number: number;
  bytes: Uint8Array;
  header: FrameHeader;
}

export type Answer = { number: number; decoded: Decoded } | { number: number; decoded: null };

interface Waiting {
  resolve: (decoded: Decoded) => void;
  reject: (error: LoadError) => void;
}

// a damaged stream can hold one for seconds
const LEAST = 2;
const MOST = 4;

interface Decoder {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

const decoders: Decoder[] = [];
let tasks = 0;

/** Decodes one JPEG-LS frame beside the page. Raises LoadError when it is damaged. */
export function decode(bytes: Uint8Array, header: FrameHeader): Promise<Decoded> {
  tasks += 1;
  const number = tasks;
  const decoder = leastBusy();
  return new Promise((resolve, reject) => {
    decoder.waiting.set(number, { resolve, reject });
    decoder.worker.postMessage({ number, bytes, header } satisfies Task, [bytes.buffer]);
  });
}

/** Starts the decoders, so that the first frame finds one ready. */
export function startDecoders(): void {
  const most = Math.max(LEAST, Math.min(MOST, navigator.hardwareConcurrency - 1));
  while (decoders.length < most) decoders.push(newDecoder());
}

function leastBusy(): Decoder {
  startDecoders();
  return decoders.reduce((best, each) => (each.waiting.size < best.waiting.size ? each : best));
}

function newDecoder(): Decoder {
  const worker = new Worker(new URL("./decoding-worker.ts", import.meta.url), { type: "module" });
  const decoder: Decoder = { worker, waiting: new Map() };
  worker.addEventListener("message", (event: MessageEvent<Answer>) => {
    const { number, decoded } = event.data;
    const waiting = decoder.waiting.get(number);
    decoder.waiting.delete(number);
    if (decoded) waiting?.resolve(decoded);
    else waiting?.reject(new LoadError(DAMAGED));
  });
  worker.addEventListener("error", () => {
    // it may be that the script did not come: the next try makes a new one
    decoders.splice(decoders.indexOf(decoder), 1);
    for (const waiting of decoder.waiting.values()) waiting.reject(new LoadError(0));
    worker.terminate();
  });
  return decoder;
}
