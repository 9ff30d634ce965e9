export type LoadState = "waiting" | "loading" | "loaded" | "failed";

/** Why a picture did not come; `status` is 0 when the line is lost or the bytes are no picture. */
export class LoadError extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
    this.name = "LoadError";
  }
}

export interface LoaderOptions {
  count: number;
  load: (index: number) => Promise<Blob>;
  onChange: (index: number) => void;
  parallel?: number;
  pause?: (milliseconds: number) => Promise<void>;
}

export interface Loader {
  /** Looks at slice `index` now: it comes first, then its neighbours. */
  lookAt(index: number): void;
  state(index: number): LoadState;
  blob(index: number): Blob | undefined;
  failure(index: number): LoadError | undefined;
  retry(index: number): void;
  retryFailed(): void;
  loaded(): number;
  stop(): void;
}

const BACKOFF = [500, 2000];

/** The nearest waiting slice to `current`, the one ahead before the one behind; -1 when none waits. */
export function nextToLoad(states: readonly LoadState[], current: number, ahead: 1 | -1): number {
  for (let distance = 0; distance < states.length; distance += 1) {
    for (const index of [current + ahead * distance, current - ahead * distance]) {
      if (states[index] === "waiting") return index;
    }
  }
  return -1;
}

function mayPass(error: unknown): boolean {
  return !(error instanceof LoadError) || error.status === 0 || error.status === 429 || error.status >= 500;
}

/** Fetches a whole stack around the slice that is looked at, a few at a time, each with two more tries. */
export function createLoader(options: LoaderOptions): Loader {
  const { count, load, onChange, parallel = 4 } = options;
  const pause = options.pause ?? ((ms: number) => new Promise<void>((done) => setTimeout(done, ms)));
  const states = new Array<LoadState>(count).fill("waiting");
  const blobs = new Map<number, Blob>();
  const failures = new Map<number, LoadError>();
  let current = 0;
  let ahead: 1 | -1 = 1;
  let running = 0;
  let stopped = true;

  function pump(): void {
    // the slice on screen has the line to itself: the first picture comes as soon as it can
    const limit = states[current] === "loading" && blobs.size === 0 ? 1 : parallel;
    while (!stopped && running < limit) {
      const index = nextToLoad(states, current, ahead);
      if (index < 0) return;
      void fetchOne(index);
      if (index === current && blobs.size === 0) return;
    }
  }

  async function attempt(index: number): Promise<Blob> {
    for (const wait of [...BACKOFF, null]) {
      try {
        return await load(index);
      } catch (error) {
        if (wait === null || !mayPass(error)) throw error;
        await pause(wait);
      }
    }
    throw new LoadError(0);
  }

  async function fetchOne(index: number): Promise<void> {
    states[index] = "loading";
    running += 1;
    onChange(index);
    try {
      blobs.set(index, await attempt(index));
      failures.delete(index);
      states[index] = "loaded";
    } catch (error) {
      failures.set(index, error instanceof LoadError ? error : new LoadError(0));
      states[index] = "failed";
    }
    running -= 1;
    onChange(index);
    pump();
  }

  function retry(index: number): void {
    if (states[index] !== "failed") return;
    states[index] = "waiting";
    onChange(index);
    pump();
  }

  return {
    lookAt(index) {
      if (index !== current) ahead = index > current ? 1 : -1;
      current = index;
      stopped = false;
      pump();
    },
    state: (index) => states[index] ?? "failed",
    blob: (index) => blobs.get(index),
    failure: (index) => failures.get(index),
    retry,
    retryFailed() {
      for (const [index, state] of states.entries()) if (state === "failed") retry(index);
    },
    loaded: () => blobs.size,
    stop() {
      stopped = true;
    },
  };
}

const TIME_LIMIT = 30_000; // milliseconds

/** Fetches one rendered picture as bytes. Raises LoadError. */
export async function fetchPicture(url: string): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Accept: "image/png, image/jpeg, image/webp" },
      signal: AbortSignal.timeout(TIME_LIMIT),
    });
    if (response.ok) return await response.blob();
  } catch {
    throw new LoadError(0);
  }
  throw new LoadError(response.status);
}

/** What to tell a person about a picture that did not come. */
export function failureWords(noun: string, error: LoadError | undefined): string {
  const status = error?.status ?? 0;
  if (status === 401 || status === 403) return `${noun} did not load: you are signed out. Sign in again in another tab.`;
  if (status === 404 || status === 410) return `${noun} is not available any more.`;
  if (status === 0) return `${noun} did not load: the connection was lost.`;
  return `${noun} did not load: the site did not answer as it should.`;
}
