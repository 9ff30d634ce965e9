import { byName, fromDrop, fromInput, withoutSystemFiles, type Chosen } from "./choosing";
import { hashBytes, hashFile } from "./hashing";
import { counted, overLimit, sizeWords, type Limits } from "./limits";
import { createSpeed, progressWords, timeLeft, totals, type Totals } from "./progress";
import { createProtocol, SendError, type HeldFile, type Protocol } from "./protocol";
import { addFiles, createQueue, goOn, identity, isBusy, leaveOut, pause, retry, start, type Queue } from "./queue";
import { showHeld, showProblems, showSentence, type View } from "./view";

interface Page {
  view: View;
  protocol: Protocol;
  queue: Queue;
  limits: Limits;
  held: HeldFile[];
  /** Chosen, within the limits, not yet told to go. */
  waiting: Chosen[];
  speed: ReturnType<typeof createSpeed>;
  isDrawn: boolean;
  saidShare: number;
  wasBusy: boolean;
}

export function startUploading(view: View): void {
  const { root = "", csrf = "", maxFiles = "0", maxBytes = "0" } = view.root.dataset;
  const protocol = createProtocol(root, csrf);
  const page: Page = {
    view,
    protocol,
    queue: createQueue({
      protocol,
      hashFile,
      hashBytes,
      pause: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
      onChange: () => {
        draw(page);
      },
    }),
    limits: { files: Number(maxFiles), bytes: Number(maxBytes) },
    held: [],
    waiting: [],
    speed: createSpeed(),
    isDrawn: true,
    saidShare: 0,
    wasBusy: false,
  };
  listenToChoosing(page);
  listenToSending(page);
  void readHeld(page);
}

async function readHeld(page: Page): Promise<void> {
  try {
    const state = await page.protocol.state();
    page.held = state.files;
    page.limits = { files: state.limits.files, bytes: state.limits.bytes };
    showHeld(page.view, page.held, (file) => void removeHeld(page, file));
  } catch (error) {
    showSentence(page.view.error, error instanceof SendError ? error.message : "");
  }
}

async function removeHeld(page: Page, file: HeldFile): Promise<void> {
  try {
    await page.protocol.remove(file.id);
    say(page, `${file.name} is removed.`);
    const sent = page.queue.items.find(({ id }) => id === file.id);
    if (sent) leaveOut(page.queue, sent);
  } catch (error) {
    showSentence(page.view.error, `${file.name} was not removed. ${error instanceof SendError ? error.message : ""}`);
  }
  await readHeld(page);
}

function listenToChoosing(page: Page): void {
  const { drop, folder, files } = page.view;
  for (const input of [folder, files]) {
    input.addEventListener("change", () => {
      choose(page, fromInput(input.files ?? []));
    });
    // the same folder can be chosen again, and until then the browser says what was chosen
    input.addEventListener("click", () => {
      input.value = "";
    });
  }
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("app-upload__drop--over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => {
      drop.classList.remove("app-upload__drop--over");
    });
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const items = event.dataTransfer?.items;
    if (!items) return;
    fromDrop(items).then(
      (chosen) => {
        choose(page, chosen);
      },
      () => {
        showSentence(page.view.error, "The folder could not be read. Choose it with the button instead.");
      },
    );
  });
  // a folder that misses the area must not replace the page
  for (const name of ["dragover", "drop"]) {
    globalThis.addEventListener(name, (event) => {
      event.preventDefault();
    });
  }
}

function choose(page: Page, chosen: readonly Chosen[]): void {
  const { kept, leftOut } = withoutSystemFiles(chosen);
  const unique = new Map([...page.waiting, ...kept].map((one) => [identity(one), one]));
  // their names are deleted later, and then a file is known by its number
  const all = [...unique.values()].sort((one, other) => byName.compare(one.name, other.name));
  const held = page.held.map(({ name, size_bytes: size }) => ({ name, size }));
  const sent = page.queue.items.map(({ name, file }) => ({ name, size: file.size }));
  const tooMany = overLimit(all, [...held, ...sent], page.limits);
  showSentence(page.view.error, tooMany ?? (kept.length ? "" : emptyChoice(leftOut)));
  if (tooMany !== null || kept.length === 0) return;
  page.waiting = all;
  const bytes = all.reduce((sum, { file }) => sum + file.size, 0);
  const beside = leftOut ? ` ${counted(leftOut, "file")} without an image left out.` : "";
  showSentence(page.view.chosen, `${counted(all.length, "file")} chosen, ${sizeWords(bytes)}.${beside}`);
  page.view.send.textContent = `Send ${counted(all.length, "file")}`;
  page.view.send.hidden = false;
  say(page, page.view.chosen.textContent);
}

function emptyChoice(leftOut: number): string {
  return leftOut ? "None of these files holds an image." : "The folder is empty.";
}

function listenToSending(page: Page): void {
  const { view, queue } = page;
  view.send.addEventListener("click", () => {
    const added = addFiles(queue, page.waiting);
    page.waiting = [];
    view.send.hidden = true;
    showSentence(view.chosen, added ? "" : "These files are in the list already.");
    view.sending.hidden = false;
    page.speed = createSpeed();
    // a few small files may all have arrived before anything is drawn
    page.wasBusy ||= added > 0;
    start(queue);
    view.pause.focus();
    say(page, "Sending has begun.");
  });
  view.pause.addEventListener("click", () => {
    if (queue.isRunning) {
      pause(queue);
    } else {
      page.speed = createSpeed();
      start(queue);
    }
    say(page, queue.isRunning ? "Sending goes on." : "Sending is paused.");
  });
  globalThis.addEventListener("online", () => {
    goOn(queue);
  });
  globalThis.addEventListener("beforeunload", (event) => {
    if (page.waiting.length || (isBusy(queue) && !queue.stopMessage)) event.preventDefault();
  });
}

/** Draws once a frame at most: a part reports progress far more often. */
function draw(page: Page): void {
  if (!page.isDrawn) return;
  page.isDrawn = false;
  // a hidden tab draws no frames, and the end must be noticed there too
  setTimeout(() => {
    page.isDrawn = true;
    drawNow(page);
  }, 100);
}

function drawNow(page: Page): void {
  const { view, queue } = page;
  const sums = totals(queue);
  const busy = isBusy(queue);
  const left = queue.isRunning && !queue.misses ? timeLeft(sums.bytes - sums.sent, page.speed(sums.sent, Date.now())) : "";
  view.words.textContent = progressWords(sums, left);
  view.bar.value = sums.bytes ? sums.sent / sums.bytes : 0;
  // for styles and tests
  view.root.dataset["state"] = busy ? "sending" : sums.failed ? "problems" : "done";
  view.pause.hidden = !busy;
  view.pause.textContent = queue.isRunning ? "Pause" : "Go on sending";
  showSentence(view.notice, notice(queue, sums, busy));
  view.notice.classList.toggle("app-notice--warning", Boolean(queue.stopMessage) || queue.misses > 0);
  showProblems(
    view.problems,
    queue.items.filter(({ state }) => state === "failed"),
    {
      retry: (item) => {
        retry(queue, item);
      },
      leaveOut: (item) => void leaveOutEverywhere(page, item.id, () => {
        leaveOut(queue, item);
      }),
    },
  );
  sayShare(page, sums);
  if (page.wasBusy && !busy) {
    say(page, notice(queue, sums, busy));
    void readHeld(page);
  }
  page.wasBusy = busy;
}

async function leaveOutEverywhere(page: Page, id: string, then: () => void): Promise<void> {
  try {
    // a file that was begun must not keep the upload from being submitted
    if (id) await page.protocol.remove(id);
    then();
    await readHeld(page);
  } catch (error) {
    showSentence(page.view.error, error instanceof SendError ? error.message : "");
  }
}

function notice(queue: Queue, sums: Totals, busy: boolean): string {
  if (queue.stopMessage) return queue.stopMessage;
  if (queue.misses > 0 && queue.isRunning) {
    return "The connection was lost. Sending goes on by itself when it is back; nothing is sent twice.";
  }
  if (busy && !queue.isRunning) {
    return "Paused. You may close this page: choose the same folder again later and only what is missing is sent.";
  }
  if (busy || sums.files === 0) return "";
  if (sums.failed) return `${counted(sums.done, "file")} sent, ${counted(sums.failed, "file")} not sent: see below.`;
  return `All ${counted(sums.files, "file")} arrived.`;
}

/** Screen readers hear every quarter, not every file. */
function sayShare(page: Page, sums: Totals): void {
  const share = sums.bytes ? Math.floor((4 * sums.sent) / sums.bytes) : 0;
  if (share > page.saidShare && share < 4) say(page, `${share * 25} % sent`);
  page.saidShare = share;
}

function say(page: Page, sentence: string): void {
  page.view.spoken.textContent = sentence;
}
