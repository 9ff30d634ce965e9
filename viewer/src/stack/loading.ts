export type LoadState = "waiting" | "loading" | "loaded" | "failed";

/** Why a picture did not come; `status` is 0 when the line is lost or the bytes are no picture. */
export class LoadError extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
    this.name = "LoadError";
  }
}

export interface LoaderOptions<Picture> {
  count: number;
  load: (index: number) => Promise<Picture>;
  onChange: (index: number) => void;
  parallel?: number;
  pause?: (milliseconds: number) => Promise<void>;
  /** How many pictures are kept, as far as is known by now; those farthest from the slice that is looked at go first. */
  capacity?: () => number;
  onDrop?: (picture: Picture) => void;
}

export interface Loader<Picture> {
  /** Looks at slice `index` now: it comes first, then its neighbours. */
  lookAt(index: number): void;
  state(index: number): LoadState;
  picture(index: number): Picture | undefined;
  failure(index: number): LoadError | undefined;
  retry(index: number): void;
  retryFailed(): void;
  loaded(): number;
  /** How many will be there at the end: all of them, or as many as may be kept. */
  expected(): number;
  stop(): void;
  /** Gives every picture up. */
  close(): void;
}

/** Stands for bytes that came and are no picture. */
export const DAMAGED = 200;

const BACKOFF = [500, 2000];
// as many connections as a browser opens to one site: fewer leave a quick line waiting for the server
const PARALLEL = 6;

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

function farthestFrom(current: number, indexes: Iterable<number>): number {
  let farthest = current;
  for (const index of indexes) if (Math.abs(index - current) > Math.abs(farthest - current)) farthest = index;
  return farthest;
}

const wait = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** Tries again what waiting can cure, with a longer pause each time. */
async function withTries<Picture>(
  load: () => Promise<Picture>,
  pause: (milliseconds: number) => Promise<void>,
): Promise<Picture> {
  for (const milliseconds of BACKOFF) {
    try {
      return await load();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await pause(milliseconds);
    }
  }
  return load();
}

/** Fetches a whole stack around the slice that is looked at, a few at a time, each with two more tries. */
export function createLoader<Picture>(options: LoaderOptions<Picture>): Loader<Picture> {
  const { count, load, onChange, parallel = PARALLEL, capacity = () => Infinity, pause = wait } = options;
  const states = new Array<LoadState>(count).fill("waiting");
  const pictures = new Map<number, Picture>();
  const failures = new Map<number, LoadError>();
  let current = 0;
  let ahead: 1 | -1 = 1;
  let running = 0;
  let [stopped, isClosed] = [true, false];

  function pump(): void {
    for (;;) {
      // the slice on screen has the line to itself: the first picture comes as soon as it can
      const limit = states[current] === "loading" && pictures.size === 0 ? 1 : parallel;
      const index = nextToLoad(states, current, ahead);
      if (stopped || running >= limit || index < 0 || !makeRoom(index)) return;
      void fetchOne(index);
    }
  }

  /** Drops what is farther away than `index`; false when nothing is. */
  function makeRoom(index: number): boolean {
    if (pictures.size + running < capacity()) return true;
    const farthest = farthestFrom(current, pictures.keys());
    const isFarther = Math.abs(farthest - current) > Math.abs(index - current);
    if (isFarther) drop(farthest);
    return isFarther;
  }

  function drop(index: number): void {
    const picture = pictures.get(index);
    pictures.delete(index);
    states[index] = "waiting";
    if (picture !== undefined) options.onDrop?.(picture);
  }

  async function fetchOne(index: number): Promise<void> {
    states[index] = "loading";
    running += 1;
    onChange(index);
    try {
      const picture = await withTries(() => load(index), pause);
      failures.delete(index);
      states[index] = "loaded";
      pictures.set(index, picture);
      if (isClosed) drop(index);
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
    picture: (index) => pictures.get(index),
    failure: (index) => failures.get(index),
    retry,
    retryFailed() {
      states.forEach((_, index) => { retry(index); });
    },
    loaded: () => pictures.size,
    expected: () => Math.min(count, capacity()),
    stop() {
      stopped = true;
    },
    close() {
      stopped = true;
      isClosed = true;
      for (const index of [...pictures.keys()]) drop(index);
    },
  };
}

/** What to tell a person about a picture that did not come. */
export function failureWords(noun: string, error: LoadError | undefined): string {
  const status = error?.status ?? 0;
  if (status === 401 || status === 403) return `${noun} did not load: you are signed out. Sign in again in another tab.`;
  if (status === 404 || status === 410) return `${noun} is not available any more.`;
  if (status === 0) return `${noun} did not load: the connection was lost.`;
  if (status === DAMAGED) return `${noun} cannot be shown: the stored image is damaged.`;
  return `${noun} did not load: the site did not answer as it should.`;
}
