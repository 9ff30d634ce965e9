import { expect, test } from "vitest";

import { SendError, type Announcement, type Part } from "../../src/upload/protocol";
import { addFiles, createQueue, isBusy, leaveOut, missingParts, pause, retry, start, type Ports, type Queue } from "../../src/upload/queue";

const PART_BYTES = 8;

interface Server {
  queue: Queue;
  announced: Announcement[][];
  sent: string[];
  received: Map<string, Set<number>>;
  mostAtOnce: number;
  failures: { (part: Part): SendError | null }[];
  problems: Map<string, string>;
}

/** A server that keeps parts by content, as the real one does, and fails when the test says so. */
function server(received = new Map<string, Set<number>>()): Server {
  let atOnce = 0;
  const made: Server = {
    queue: createQueue({} as Ports),
    announced: [],
    sent: [],
    received,
    mostAtOnce: 0,
    failures: [],
    problems: new Map(),
  };
  const sizes = new Map<string, number>();
  const ports: Ports = {
    hashFile: (file) => file.text(),
    hashBytes: (bytes) => Promise.resolve(new TextDecoder().decode(bytes)),
    pause: () => Promise.resolve(),
    onChange: () => undefined,
    protocol: {
      state: () => Promise.reject(new Error("not asked")),
      remove: () => Promise.resolve(),
      announce(files) {
        made.announced.push([...files]);
        const known = files.filter(({ name }) => !made.problems.has(name));
        return Promise.resolve({
          files: known.map(({ name, sha256, size_bytes: size }) => {
            sizes.set(sha256, size);
            const parts = received.get(sha256) ?? new Set();
            received.set(sha256, parts);
            const isWhole = parts.size === Math.max(1, Math.ceil(size / PART_BYTES));
            return { id: sha256, name, part_size_bytes: PART_BYTES, received_parts: [...parts], is_received: isWhole };
          }),
          problems: [...made.problems].map(([name, message]) => ({ name, message })),
        });
      },
      async sendPart(part) {
        atOnce += 1;
        made.mostAtOnce = Math.max(made.mostAtOnce, atOnce);
        await Promise.resolve();
        atOnce -= 1;
        const failure = made.failures.shift()?.(part);
        if (failure) throw failure;
        made.sent.push(`${part.id} ${part.number}`);
        const parts = received.get(part.id) ?? new Set();
        parts.add(part.number);
        return { is_received: parts.size === Math.max(1, Math.ceil((sizes.get(part.id) ?? 0) / PART_BYTES)) };
      },
    },
  };
  made.queue = createQueue(ports);
  return made;
}

function chosen(...contents: string[]): { name: string; file: File }[] {
  return contents.map((content, index) => ({
    name: `series/${index}`,
    file: new File([content], String(index), { lastModified: 1 }),
  }));
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((done) => setTimeout(done, 0));
}

function states({ queue }: Server): string[] {
  return queue.items.map(({ state }) => state);
}

test("every file arrives, three requests at a time", async () => {
  const site = server();
  addFiles(site.queue, chosen(...Array.from({ length: 12 }, (_, index) => `file ${index} with two parts`)));
  start(site.queue);
  await settled();
  expect(new Set(states(site))).toEqual(new Set(["done"]));
  expect(site.mostAtOnce).toBeLessThanOrEqual(3);
  expect(site.mostAtOnce).toBeGreaterThan(1);
  expect(new Set(site.sent).size).toBe(site.sent.length);
});

test("nothing is sent before it is told to go", async () => {
  const site = server();
  addFiles(site.queue, chosen("a"));
  await settled();
  expect(site.announced).toEqual([]);
  expect(site.sent).toEqual([]);
});

test("after a reload only the missing parts are sent", async () => {
  const site = server(new Map([["0123456789abcdefgh", new Set([1, 3])], ["whole", new Set([1])]]));
  addFiles(site.queue, chosen("0123456789abcdefgh", "whole"));
  start(site.queue);
  await settled();
  expect(site.sent).toEqual(["0123456789abcdefgh 2"]);
  expect(states(site)).toEqual(["done", "done"]);
});

test("choosing the same folder twice adds nothing", () => {
  const site = server();
  const files = chosen("a", "b");
  expect(addFiles(site.queue, files)).toBe(2);
  expect(addFiles(site.queue, files)).toBe(0);
});

test("a lost line goes on by itself and sends no part twice", async () => {
  const site = server();
  site.failures = [() => new SendError(0, "lost"), () => new SendError(0, "lost"), () => new SendError(0, "lost")];
  addFiles(site.queue, chosen("one", "two", "three"));
  start(site.queue);
  await settled();
  expect(states(site)).toEqual(["done", "done", "done"]);
  expect(site.sent).toHaveLength(3);
  expect(site.queue.misses).toBe(0);
});

test("a server that keeps failing fails the file after five tries and the others arrive", async () => {
  const site = server();
  const broken = (part: Part): SendError | null => (part.id === "bad" ? new SendError(500, "Broken.") : null);
  site.failures = Array.from({ length: 30 }, () => broken);
  addFiles(site.queue, chosen("bad", "good", "fine"));
  start(site.queue);
  await settled();
  expect(states(site)).toEqual(["failed", "done", "done"]);
  expect(site.queue.items[0]?.message).toBe("Broken.");
  site.failures = [];
  if (site.queue.items[0]) retry(site.queue, site.queue.items[0]);
  await settled();
  expect(states(site)).toEqual(["done", "done", "done"]);
});

test("a refused file says the server's sentence and is not tried again by itself", async () => {
  const site = server();
  site.failures = [() => new SendError(409, "The part is not what was announced.")];
  addFiles(site.queue, chosen("a"));
  start(site.queue);
  await settled();
  expect(states(site)).toEqual(["failed"]);
  expect(site.queue.items[0]?.message).toBe("The part is not what was announced.");
  expect(site.sent).toEqual([]);
});

test("a file the server does not take says why and holds up nobody", async () => {
  const site = server();
  site.problems.set("series/0", "The file is empty.");
  addFiles(site.queue, chosen("", "b"));
  start(site.queue);
  await settled();
  expect(states(site)).toEqual(["failed", "done"]);
  expect(site.queue.items[0]?.message).toBe("The file is empty.");
  if (site.queue.items[0]) leaveOut(site.queue, site.queue.items[0]);
  expect(site.queue.items).toHaveLength(1);
});

test("an ended session stops everything with its reason and goes on after it is renewed", async () => {
  const site = server();
  site.failures = [() => new SendError(401, "Your session has ended.")];
  addFiles(site.queue, chosen("a", "b"));
  start(site.queue);
  await settled();
  expect(site.queue.isRunning).toBe(false);
  expect(site.queue.stopMessage).toBe("Your session has ended.");
  start(site.queue);
  await settled();
  expect(states(site)).toEqual(["done", "done"]);
});

test("a pause starts nothing new and going on finishes", async () => {
  const site = server();
  addFiles(site.queue, chosen(...Array.from({ length: 9 }, (_, index) => `number ${index}`)));
  start(site.queue);
  await settled().then(() => undefined);
  pause(site.queue);
  addFiles(site.queue, chosen("a later one"));
  await settled();
  expect(isBusy(site.queue)).toBe(true);
  expect(states(site).at(-1)).toBe("waiting");
  start(site.queue);
  await settled();
  expect(isBusy(site.queue)).toBe(false);
});

test("a file that changed on the disk fails with what to do", async () => {
  const site = server();
  site.queue.ports.hashFile = () => Promise.reject(new DOMException("gone", "NotReadableError"));
  addFiles(site.queue, chosen("a"));
  start(site.queue);
  await settled();
  expect(site.queue.items[0]?.message).toContain("Choose it again.");
});

test("no more than two hundred files are announced in a request", async () => {
  const site = server();
  addFiles(site.queue, chosen(...Array.from({ length: 450 }, (_, index) => String(index))));
  start(site.queue);
  for (let turn = 0; turn < 30; turn += 1) await settled();
  expect(Math.max(...site.announced.map((batch) => batch.length))).toBeLessThanOrEqual(200);
  expect(site.announced.flat()).toHaveLength(450);
  expect(isBusy(site.queue)).toBe(false);
});

test("the missing parts of a file count from one and an empty file has one", () => {
  const known = { id: "x", part_size_bytes: 8, received_parts: [2], is_received: false };
  expect(missingParts(20, known)).toEqual([1, 3]);
  expect(missingParts(0, { ...known, received_parts: [] })).toEqual([1]);
  expect(missingParts(20, { ...known, is_received: true })).toEqual([]);
});
