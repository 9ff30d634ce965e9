import { LoadError } from "./loading";

const TIME_LIMIT = 30_000; // milliseconds

/** Fetches one rendered picture as bytes. Raises LoadError. */
export async function fetchPicture(url: string): Promise<Blob> {
  const response = await answerOf(url, "image/png, image/jpeg, image/webp");
  return whole(response.blob());
}

/** Fetches one stored frame, JPEG-LS. Raises LoadError, also for bytes that were cut short. */
export async function fetchFrame(url: string): Promise<Uint8Array> {
  const response = await answerOf(url, "image/jls");
  const bytes = new Uint8Array(await whole(response.arrayBuffer()));
  const length = response.headers.get("Content-Length");
  const isPacked = response.headers.has("Content-Encoding");
  // a stream cut short holds a decoder for seconds
  if (length !== null && !isPacked && Number(length) !== bytes.length) throw new LoadError(0);
  return bytes;
}

/** Fetches DICOM JSON. Raises LoadError. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await answerOf(url, "application/dicom+json");
  return whole(response.json());
}

async function answerOf(url: string, accept: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Accept: accept }, signal: AbortSignal.timeout(TIME_LIMIT) });
  } catch {
    throw new LoadError(0);
  }
  if (!response.ok) throw new LoadError(response.status);
  return response;
}

async function whole<Body>(body: Promise<Body>): Promise<Body> {
  return body.catch(() => {
    throw new LoadError(0);
  });
}
