import charls, { type CharlsDecoder } from "@cornerstonejs/codec-charls/decodewasmjs";
import charlsWasm from "@cornerstonejs/codec-charls/decodewasm?url";

import type { Answer, Task } from "./decoding";
import { modalityValues } from "./values";

const scope = globalThis as unknown as Pick<Worker, "postMessage"> & EventTarget;

let decoder: Promise<CharlsDecoder> | null = null;

async function theDecoder(): Promise<CharlsDecoder> {
  decoder ??= charls({ locateFile: () => charlsWasm }).then((codec) => new codec.JpegLSDecoder());
  return decoder;
}

async function answer({ number, bytes, header }: Task): Promise<void> {
  try {
    const jpegLs = await theDecoder();
    jpegLs.getEncodedBuffer(bytes.length).set(bytes);
    jpegLs.decode();
    const decoded = modalityValues(jpegLs.getFrameInfo(), jpegLs.getDecodedBuffer(), header);
    scope.postMessage({ number, decoded } satisfies Answer, [decoded.values.buffer]);
  } catch {
    scope.postMessage({ number, decoded: null } satisfies Answer);
  }
}

scope.addEventListener("message", (event) => {
  void answer((event as MessageEvent<Task>).data);
});
