import { sha256 } from "@noble/hashes/sha2.js";

const SLICE = 4 * 1024 * 1024; // bytes read at a time

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of bytes in memory, by the browser where it may (a secure address), else in script. */
export async function hashBytes(bytes: ArrayBuffer): Promise<string> {
  // on a plain http address other than this machine's the browser has no subtle
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  if (!subtle) return hex(sha256(new Uint8Array(bytes)));
  return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

/** SHA-256 of a whole file, read in slices: a file of 2 GB is never in memory. */
export async function hashFile(file: Blob): Promise<string> {
  if (file.size <= SLICE) return hashBytes(await file.arrayBuffer());
  const hash = sha256.create();
  for (let start = 0; start < file.size; start += SLICE) {
    hash.update(new Uint8Array(await file.slice(start, start + SLICE).arrayBuffer()));
  }
  return hex(hash.digest());
}
