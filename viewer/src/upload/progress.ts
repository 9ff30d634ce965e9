import { counted, numeral, sizeWords } from "./limits";
import type { Queue } from "./queue";

export interface Totals {
  files: number;
  done: number;
  failed: number;
  bytes: number;
  sent: number;
}

/** Files and bytes of the whole choice, what the server had before included. */
export function totals(queue: Queue): Totals {
  const sums: Totals = { files: queue.items.length, done: 0, failed: 0, bytes: 0, sent: 0 };
  for (const item of queue.items) {
    sums.bytes += item.file.size;
    if (item.state === "done") {
      sums.done += 1;
      sums.sent += item.file.size;
      continue;
    }
    if (item.state === "failed") sums.failed += 1;
    sums.sent += item.sentBytes;
    for (const running of item.runningParts.values()) sums.sent += running;
  }
  return sums;
}

const REMEMBERED = 20_000; // milliseconds the speed is taken over
const ENOUGH = 3_000;

/** How many bytes a second went out lately; null until there is enough to say. */
export function createSpeed(): (sent: number, now: number) => number | null {
  const seen: { sent: number; at: number }[] = [];
  return (sent, now) => {
    seen.push({ sent, at: now });
    while (seen.length > 2 && now - (seen[0]?.at ?? now) > REMEMBERED) seen.shift();
    const [first] = seen;
    if (!first || now - first.at < ENOUGH || sent <= first.sent) return null;
    return ((sent - first.sent) * 1000) / (now - first.at);
  };
}

/** "about 3 minutes left": whole units, never seconds that jump. */
export function timeLeft(bytes: number, speed: number | null): string {
  if (bytes <= 0 || speed === null || speed <= 0) return "";
  const seconds = bytes / speed;
  if (seconds < 50) return "less than a minute left";
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${counted(minutes, "minute")} left`;
  return `about ${counted(Math.round(minutes / 60), "hour")} left`;
}

/** "60 of 214 files, 31 MB of 112 MB, about 3 minutes left" */
export function progressWords(sums: Totals, left: string): string {
  const words = `${numeral(sums.done)} of ${counted(sums.files, "file")}, ${sizeWords(sums.sent)} of ${sizeWords(sums.bytes)}`;
  return left ? `${words}, ${left}` : words;
}
