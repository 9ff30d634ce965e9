declare module "@cornerstonejs/codec-charls/decodewasmjs" {
  export interface CharlsDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    getDecodedBuffer(): Uint8Array;
  }
  interface Charls {
    JpegLSDecoder: new () => CharlsDecoder;
  }
  const charls: (options: { locateFile: (name: string) => string }) => Promise<Charls>;
  export default charls;
}
declare module "@cornerstonejs/codec-charls/decodewasm?url" {
  const address: string;
  export default address;
}
