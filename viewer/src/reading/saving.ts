/** What the server said to one save. */
export type Answer =
  | { kind: "saved"; version: number; message: string }
  | { kind: "stale"; version: number; message: string }
  | { kind: "refused"; message: string }
  | { kind: "unreachable" };

export interface Drafts {
  /** Something changed: save it soon. */
  touch(): void;
  /** Save now what is not saved yet; true when nothing is left unsaved. */
  flush(): Promise<boolean>;
  /** Keep this window's answers over those of the other one. */
  keepMine(): Promise<boolean>;
}

export interface Options {
  version: number;
  send: (version: number) => Promise<Answer>;
  onSaving: () => void;
  onAnswer: (answer: Answer) => void;
  pause?: number; // milliseconds of quiet before a save
  retry?: number; // milliseconds until an unreachable server is tried again
}

/**
 * Saves one draft, one request at a time, each with the version the last answer gave.
 * After a conflict nothing is sent until a person has chosen.
 */
export function createDrafts({ version, send, onSaving, onAnswer, pause = 800, retry = 5000 }: Options): Drafts {
  let current = version;
  let isDirty = false;
  let isBlocked = false;
  let conflicting: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;

  const soon = (after: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), after);
  };

  async function saveAll(): Promise<boolean> {
    while (isDirty && !isBlocked) {
      isDirty = false;
      onSaving();
      const answer = await send(current);
      onAnswer(answer);
      if (answer.kind === "saved") {
        current = answer.version;
        continue;
      }
      isDirty = true;
      if (answer.kind === "unreachable") {
        soon(retry);
        return false;
      }
      isBlocked = answer.kind === "stale";
      if (answer.kind === "stale") conflicting = answer.version;
      return false;
    }
    return !isDirty;
  }

  function flush(): Promise<boolean> {
    clearTimeout(timer);
    running ??= saveAll().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    touch() {
      isDirty = true;
      if (!isBlocked) soon(pause);
    },
    flush,
    keepMine() {
      if (conflicting !== null) current = conflicting;
      conflicting = null;
      isBlocked = false;
      isDirty = true;
      return flush();
    },
  };
}
