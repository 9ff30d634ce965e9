/** A request that was not answered with success. `status` is 0 when the line is lost. */
export class SendError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "SendError";
  }
}

export interface Announcement {
  name: string;
  size_bytes: number;
  sha256: string;
}

export interface Announced {
  files: { id: string; name: string; part_size_bytes: number; received_parts: number[]; is_received: boolean }[];
  problems: { name: string; message: string }[];
}

export interface HeldFile {
  id: string;
  name: string;
  size_bytes: number;
  received_bytes: number;
  is_received: boolean;
}

export interface State {
  files: HeldFile[];
  limits: { files: number; bytes: number };
}

/** What the queue needs of the server. Every function raises SendError. */
export interface Protocol {
  state(): Promise<State>;
  announce(files: readonly Announcement[]): Promise<Announced>;
  sendPart(part: Part): Promise<{ is_received: boolean }>;
  remove(id: string): Promise<void>;
}

export interface Part {
  id: string;
  number: number;
  bytes: ArrayBuffer;
  sha256: string;
  onProgress: (sentBytes: number) => void;
}

const STALLED = 60_000; // milliseconds without a byte moving
const TIME_LIMIT = 60_000; // milliseconds for a small request

export function createProtocol(root: string, csrfToken: string): Protocol {
  const files = `${root}files/`;
  const token = { "X-CSRFToken": csrfToken };
  return {
    state: () => ask<State>(files, { method: "GET" }),
    announce: (announcements) =>
      ask<Announced>(files, {
        method: "POST",
        headers: { ...token, "Content-Type": "application/json" },
        body: JSON.stringify({ files: announcements }),
      }),
    sendPart: (part) =>
      put(`${files}${part.id}/parts/${part.number}/`, part, { ...token, "X-Content-SHA256": part.sha256 }),
    async remove(id) {
      await ask(`${files}${id}/`, { method: "DELETE", headers: token });
    },
  };
}

async function ask<Answer>(url: string, request: RequestInit): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      ...request,
      headers: { Accept: "application/json", ...(request.headers as Record<string, string> | undefined) },
      signal: AbortSignal.timeout(TIME_LIMIT),
    });
    text = await response.text();
  } catch {
    throw new SendError(0, sentence(0, ""));
  }
  // a redirect to the sign-in page is no answer
  if (!response.ok || response.redirected) {
    const status = response.redirected ? 401 : response.status;
    throw new SendError(status, sentence(status, text));
  }
  return (text ? JSON.parse(text) : {}) as Answer;
}

/** fetch reports no progress of a body, and on a slow line a part takes half a minute. */
function put(url: string, part: Part, headers: Record<string, string>): Promise<{ is_received: boolean }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch: ReturnType<typeof setTimeout>;
    const stillMoving = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => {
        request.abort();
      }, STALLED);
    };
    const fail = (status: number): void => {
      clearTimeout(watch);
      reject(new SendError(status, sentence(status, request.responseText)));
    };
    request.open("PUT", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      stillMoving();
      part.onProgress(event.loaded);
    };
    request.onload = () => {
      if (request.status < 200 || request.status >= 300) {
        fail(request.status);
        return;
      }
      clearTimeout(watch);
      const answer = parsed(request.responseText) as { is_received?: unknown } | null;
      resolve({ is_received: answer?.is_received === true });
    };
    request.onerror = request.onabort = () => {
      fail(0);
    };
    stillMoving();
    request.send(part.bytes);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The server's own sentence where it gave one, else ours for the status. */
export function sentence(status: number, body: string): string {
  const answer = parsed(body) as { message?: unknown } | null;
  if (typeof answer?.message === "string" && answer.message) return answer.message;
  if (status === 0) return "The connection was lost.";
  if (status === 401 || status === 403) return "Your upload session has ended. Open the upload again with a new code: it goes on where it stopped.";
  if (status === 404 || status === 410) return "This upload does not take files any more.";
  if (status === 413) return "The file is too large.";
  if (status === 429) return "The site asked to wait a moment.";
  if (status >= 500) return "The site did not answer as it should.";
  return "The site did not accept the file.";
}
