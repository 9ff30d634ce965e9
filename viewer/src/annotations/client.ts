import { readAnnotation, type Annotation } from "./annotation";

/** What the server said to one change. */
export type Answer =
  | { kind: "done"; annotation: Annotation }
  | { kind: "stale"; annotation: Annotation | null; message: string }
  | { kind: "refused"; message: string }
  | { kind: "unreachable" };

export interface Client {
  draw(drawing: Annotation): Promise<Answer>;
  redraw(drawing: Annotation): Promise<Answer>;
  rubOut(drawing: Annotation): Promise<Answer>;
  restore(drawing: Annotation): Promise<Answer>;
}

/** Speaks docs/annotations.md. */
export function createClient(root: string, csrf: string): Client {
  const send = async (method: string, place: string, body: object): Promise<Answer> => {
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf };
    try {
      return await read(await fetch(`${root}${place}`, { method, headers, body: JSON.stringify(body) }));
    } catch {
      return { kind: "unreachable" };
    }
  };
  return {
    draw: ({ id, image, tool, pairs, text }) => send("POST", "", { id, image, tool, graphic_data: pairs, text }),
    redraw: ({ id, version, pairs, text }) => send("PUT", `${id}/`, { version, graphic_data: pairs, text }),
    rubOut: ({ id, version }) => send("DELETE", `${id}/`, { version }),
    restore: ({ id, version }) => send("POST", `${id}/restore/`, { version }),
  };
}

const SIGNED_OUT = "You are signed out. Sign in in another tab, then reload this page.";
const REFUSED = "The server refused this change. Reload the page and try again.";

async function read(answer: Response): Promise<Answer> {
  // a proxy's or a starting server's answer says nothing about the drawing
  if (answer.status >= 500 || answer.status === 429) return { kind: "unreachable" };
  const body = (await answer.json().catch(() => null)) as { message?: unknown; annotation?: unknown } | null;
  if (answer.ok) return { kind: "done", annotation: readAnnotation(body) };
  const message = typeof body?.message === "string" ? body.message : answer.status === 401 ? SIGNED_OUT : REFUSED;
  if (answer.status !== 409 || body?.annotation === undefined) return { kind: "refused", message };
  return { kind: "stale", message, annotation: body.annotation === null ? null : readAnnotation(body.annotation) };
}
