import type { Chosen } from "./choosing";
import { SendError, type Protocol } from "./protocol";

export type ItemState = "waiting" | "reading" | "read" | "announcing" | "sending" | "done" | "failed";

export interface Item {
  readonly name: string;
  readonly file: File;
  state: ItemState;
  /** Why it failed, as a sentence. */
  message: string;
  sha256: string;
  id: string;
  partBytes: number;
  waitingParts: number[];
  runningParts: Map<number, number>;
  sentBytes: number;
  attempts: number;
}

export interface Ports {
  protocol: Protocol;
  hashFile: (file: Blob) => Promise<string>;
  hashBytes: (bytes: ArrayBuffer) => Promise<string>;
  pause: (milliseconds: number) => Promise<void>;
  onChange: () => void;
}

/** Files on their way: read, announced and sent in parts, three requests at a time. */
export interface Queue {
  readonly items: Item[];
  readonly ports: Ports;
  isRunning: boolean;
  isReading: boolean;
  isAnnouncing: boolean;
  isHoldingOff: boolean;
  requests: number;
  /** Requests in a row that did not get through; above 0 the line is lost. */
  misses: number;
  /** Why everything stopped: the session ended, or the upload takes no more files. */
  stopMessage: string;
}

const REQUESTS = 3;
const ANNOUNCED_AT_ONCE = 200;
const WORTH_ANNOUNCING = 25;
const ATTEMPTS = 5;
const LONGEST_WAIT = 30_000; // milliseconds

export function createQueue(ports: Ports): Queue {
  const flags = { isRunning: false, isReading: false, isAnnouncing: false, isHoldingOff: false };
  return { items: [], ports, ...flags, requests: 0, misses: 0, stopMessage: "" };
}

/** Adds chosen files; one that is there already (same name, size and time) is not added twice. */
export function addFiles(queue: Queue, chosen: readonly Chosen[]): number {
  const known = new Set(queue.items.map(identity));
  let added = 0;
  for (const one of chosen) {
    const key = identity(one);
    if (known.has(key)) continue;
    known.add(key);
    queue.items.push(newItem(one));
    added += 1;
  }
  queue.ports.onChange();
  return added;
}

/** What makes two choices the same file, before anything of it is read. */
export function identity({ name, file }: Chosen): string {
  return `${file.size} ${file.lastModified} ${name}`;
}

function newItem({ name, file }: Chosen): Item {
  const empty = { message: "", sha256: "", id: "", partBytes: 0, sentBytes: 0, attempts: 0 };
  return { name, file, state: "waiting", ...empty, waitingParts: [], runningParts: new Map() };
}

export function start(queue: Queue): void {
  queue.isRunning = true;
  queue.stopMessage = "";
  queue.ports.onChange();
  pump(queue);
}

/** Starts nothing new; what is under way ends. */
export function pause(queue: Queue): void {
  queue.isRunning = false;
  queue.ports.onChange();
}

export function retry(queue: Queue, item: Item): void {
  if (item.state !== "failed") return;
  item.state = item.sha256 ? "read" : "waiting";
  item.message = "";
  item.attempts = 0;
  start(queue);
}

/** Takes a file that is not being sent out of the queue. */
export function leaveOut(queue: Queue, item: Item): void {
  const at = queue.items.indexOf(item);
  if (at >= 0) queue.items.splice(at, 1);
  queue.ports.onChange();
}

export function isBusy(queue: Queue): boolean {
  return queue.items.some(({ state }) => state !== "done" && state !== "failed");
}

/** The line is back: goes on at once instead of waiting out the pause. */
export function goOn(queue: Queue): void {
  queue.isHoldingOff = false;
  pump(queue);
}

function pump(queue: Queue): void {
  if (!queue.isRunning || queue.isHoldingOff) return;
  void readNext(queue);
  announceSome(queue);
  while (queue.requests < REQUESTS) {
    const item = queue.items.find(({ state, waitingParts }) => state === "sending" && waitingParts.length > 0);
    if (!item) return;
    void sendNextPart(queue, item);
  }
}

async function readNext(queue: Queue): Promise<void> {
  const read = queue.items.filter(({ state }) => state === "read").length;
  const item = queue.items.find(({ state }) => state === "waiting");
  if (queue.isReading || !item || read >= ANNOUNCED_AT_ONCE) return;
  queue.isReading = true;
  item.state = "reading";
  try {
    item.sha256 = await queue.ports.hashFile(item.file);
    item.state = "read";
  } catch {
    fail(item, unreadable(item));
  }
  queue.isReading = false;
  queue.ports.onChange();
  pump(queue);
}

function unreadable(item: Item): string {
  return `${item.name} could not be read: it may have been moved or changed. Choose it again.`;
}

function fail(item: Item, message: string): void {
  item.state = "failed";
  item.message = message;
  item.waitingParts = [];
}

function announceSome(queue: Queue): void {
  const batch = firstOfEachName(queue.items.filter(({ state }) => state === "read")).slice(0, ANNOUNCED_AT_ONCE);
  const hasMoreToRead = queue.items.some(({ state }) => state === "waiting" || state === "reading");
  const hasParts = queue.items.some(({ state }) => state === "sending");
  // while the line is busy, small announcements would only cost round trips
  const isWorthIt = batch.length >= WORTH_ANNOUNCING || !hasMoreToRead || !hasParts;
  if (queue.isAnnouncing || queue.requests >= REQUESTS || batch.length === 0 || !isWorthIt) return;
  void announce(queue, batch);
}

// the answer names files by name only
function firstOfEachName(items: readonly Item[]): Item[] {
  const names = new Set<string>();
  return items.filter(({ name }) => !names.has(name) && names.add(name));
}

async function announce(queue: Queue, batch: readonly Item[]): Promise<void> {
  queue.isAnnouncing = true;
  queue.requests += 1;
  for (const item of batch) item.state = "announcing";
  try {
    const answer = await queue.ports.protocol.announce(
      batch.map(({ name, file, sha256 }) => ({ name, size_bytes: file.size, sha256 })),
    );
    queue.misses = 0;
    for (const item of batch) {
      const known = answer.files.find(({ name }) => name === item.name);
      const problem = answer.problems.find(({ name }) => name === item.name);
      if (known) takeAnswer(item, known);
      else fail(item, problem?.message ?? `${item.name} was not accepted.`);
    }
  } catch (error) {
    missed(queue, batch, error, "read");
  }
  queue.isAnnouncing = false;
  queue.requests -= 1;
  queue.ports.onChange();
  pump(queue);
}

interface Known {
  id: string;
  part_size_bytes: number;
  received_parts: readonly number[];
  is_received: boolean;
}

function takeAnswer(item: Item, known: Known): void {
  item.id = known.id;
  item.partBytes = known.part_size_bytes;
  item.waitingParts = missingParts(item.file.size, known);
  const missing = item.waitingParts.reduce((sum, part) => sum + partSize(item, part), 0);
  item.sentBytes = item.file.size - missing;
  item.state = known.is_received ? "done" : "sending";
  if (item.state === "sending" && item.waitingParts.length === 0) fail(item, incomplete(item));
}

/** The numbers, from 1, of the parts the server does not have. */
export function missingParts(size: number, known: Known): number[] {
  if (known.is_received) return [];
  const count = Math.max(1, Math.ceil(size / known.part_size_bytes));
  const received = new Set(known.received_parts);
  return Array.from({ length: count }, (_, index) => index + 1).filter((part) => !received.has(part));
}

function partSize(item: Item, part: number): number {
  return Math.min(item.partBytes, item.file.size - (part - 1) * item.partBytes);
}

async function sendNextPart(queue: Queue, item: Item): Promise<void> {
  const part = item.waitingParts.shift();
  if (part === undefined) return;
  queue.requests += 1;
  item.runningParts.set(part, 0);
  try {
    await sendPart(queue, item, part);
  } catch (error) {
    item.runningParts.delete(part);
    if (error instanceof SendError) {
      if (item.state === "sending") item.waitingParts.unshift(part);
      missed(queue, [item], error, "sending");
    } else {
      fail(item, unreadable(item));
    }
  }
  queue.requests -= 1;
  queue.ports.onChange();
  pump(queue);
}

async function sendPart(queue: Queue, item: Item, part: number): Promise<void> {
  const { protocol, hashBytes, onChange } = queue.ports;
  const begin = (part - 1) * item.partBytes;
  const bytes = await item.file.slice(begin, begin + item.partBytes).arrayBuffer();
  const isWhole = bytes.byteLength === item.file.size;
  const { is_received: isReceived } = await protocol.sendPart({
    id: item.id,
    number: part,
    bytes,
    sha256: isWhole ? item.sha256 : await hashBytes(bytes),
    onProgress: (sent) => {
      item.runningParts.set(part, Math.min(sent, bytes.byteLength));
      onChange();
    },
  });
  queue.misses = 0;
  item.runningParts.delete(part);
  item.sentBytes += bytes.byteLength;
  if (item.state !== "sending") return;
  if (isReceived) item.state = "done";
  else if (item.waitingParts.length === 0 && item.runningParts.size === 0) fail(item, incomplete(item));
}

function incomplete(item: Item): string {
  return `${item.name} did not arrive whole.`;
}

/** A request did not succeed: waits and goes on when waiting can help, else fails the files with a reason. */
function missed(queue: Queue, items: readonly Item[], error: unknown, back: ItemState): void {
  const { status, message } = error instanceof SendError ? error : new SendError(500, "The site did not answer as it should.");
  const isLineLost = status === 0;
  for (const item of items) {
    if (item.state === "failed") continue;
    item.state = back;
    if (isLineLost || status === 401 || status === 403) continue;
    item.attempts += 1;
    const mayPass = status === 429 || status >= 500;
    if (!mayPass || item.attempts >= ATTEMPTS) fail(item, message);
  }
  if (status === 401 || status === 403) {
    queue.isRunning = false;
    queue.stopMessage = message;
  } else if (isLineLost || status === 429 || status >= 500) {
    void holdOff(queue);
  }
}

async function holdOff(queue: Queue): Promise<void> {
  if (queue.isHoldingOff) return;
  // the other requests under way fail with the same line: they count as one
  queue.isHoldingOff = true;
  queue.misses += 1;
  await queue.ports.pause(Math.min(LONGEST_WAIT, 1000 * 2 ** (queue.misses - 1)));
  goOn(queue);
}
