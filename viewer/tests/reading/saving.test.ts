import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createDrafts, type Answer, type Drafts } from "../../src/reading/saving";

let sent: number[];
let answers: (Answer | Promise<Answer>)[];
let said: string[];
let drafts: Drafts;

function saved(version: number): Answer {
  return { kind: "saved", version, message: "Draft saved." };
}

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  answers = [];
  said = [];
  drafts = createDrafts({
    version: 0,
    send: (version) => {
      sent.push(version);
      return Promise.resolve(answers.shift() ?? saved(version + 1));
    },
    onSaving: () => undefined,
    onAnswer: (answer) => said.push(answer.kind),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a draft", () => {
  it("is saved once after a moment of quiet", async () => {
    drafts.touch();
    drafts.touch();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent).toEqual([0]);
  });

  it("is sent with the version of the last save", async () => {
    drafts.touch();
    await drafts.flush();
    drafts.touch();
    await drafts.flush();
    expect(sent).toEqual([0, 1]);
  });

  it("has one save on its way at a time, and what changed meanwhile follows it", async () => {
    let finish: (answer: Answer) => void = () => undefined;
    answers.push(new Promise((resolve) => (finish = resolve)));
    drafts.touch();
    const first = drafts.flush();
    drafts.touch();
    const second = drafts.flush();
    expect(sent).toEqual([0]);
    finish(saved(1));
    expect(await first).toBe(true);
    expect(await second).toBe(true);
    expect(sent).toEqual([0, 1]);
  });

  it("that changed nothing is not sent", async () => {
    expect(await drafts.flush()).toBe(true);
    expect(sent).toEqual([]);
  });

  it("is tried again while the server does not answer", async () => {
    answers.push({ kind: "unreachable" });
    drafts.touch();
    expect(await drafts.flush()).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent).toEqual([0, 0]);
    expect(said).toEqual(["unreachable", "saved"]);
  });

  it("in conflict is not sent until a person keeps this window's answers", async () => {
    answers.push({ kind: "stale", version: 7, message: "" });
    drafts.touch();
    expect(await drafts.flush()).toBe(false);
    drafts.touch();
    await vi.advanceTimersByTimeAsync(60000);
    expect(sent).toEqual([0]);
    expect(await drafts.keepMine()).toBe(true);
    expect(sent).toEqual([0, 7]);
  });

  it("that was refused is sent again when it changes", async () => {
    answers.push({ kind: "refused", message: "Case 3 is no longer open." });
    drafts.touch();
    expect(await drafts.flush()).toBe(false);
    drafts.touch();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent).toEqual([0, 0]);
  });
});
