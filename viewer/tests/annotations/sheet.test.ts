import { describe, expect, test, vi } from "vitest";

import type { Annotation } from "../../src/annotations/annotation";
import type { Answer, Client } from "../../src/annotations/client";
import { createSheet, type Sheet } from "../../src/annotations/sheet";

const ARROW: Annotation = { id: "a", image: "k3f9-1", tool: "arrow", pairs: [[1, 2], [3, 4]], text: "", version: 1, changedBy: "" };

/** A client that answers as it is told, and keeps what it was asked. */
function answering(...answers: ((asked: Annotation) => Answer)[]): { client: Client; asked: string[] } {
  const asked: string[] = [];
  const answer = (verb: string) => (drawing: Annotation): Promise<Answer> => {
    asked.push(`${verb} ${drawing.version} ${drawing.text}`.trim());
    return Promise.resolve((answers.shift() ?? done)(drawing));
  };
  return { asked, client: { draw: answer("draw"), redraw: answer("redraw"), rubOut: answer("rub out"), restore: answer("restore") } };
}

const done = (drawing: Annotation): Answer => ({ kind: "done", annotation: { ...drawing, version: drawing.version + 1 } });
const unreachable = (): Answer => ({ kind: "unreachable" });
const stale = (theirs: Annotation | null) => (): Answer => ({ kind: "stale", annotation: theirs, message: "Somebody else changed it." });

function sheetOf(client: Client): Sheet {
  const sheet = createSheet(client, () => undefined, () => "new", 1000);
  sheet.adopt([ARROW]);
  return sheet;
}

const settled = (sheet: Sheet, state: ReturnType<Sheet["state"]> = "saved"): Promise<void> =>
  vi.waitFor(() => { expect(sheet.state()).toBe(state); });

describe("a sheet", () => {
  test("sends a change with the version it stands on, and the next with the one it got", async () => {
    const { client, asked } = answering();
    const sheet = sheetOf(client);
    sheet.change("a", { text: "One" });
    sheet.change("a", { text: "  Two   words " });
    await settled(sheet);
    expect(asked).toEqual(["redraw 1 One", "redraw 2 Two words"]);
    expect(sheet.drawings()[0]?.text).toBe("Two words");
  });

  test("undoes a drawing, a change and a deletion, each on the server too", async () => {
    const { client, asked } = answering();
    const sheet = sheetOf(client);
    sheet.draw({ ...ARROW, id: "b", version: 0 });
    await settled(sheet);
    sheet.change("a", { isGone: true });
    await settled(sheet);
    expect(sheet.undo()).toBe("a");
    await settled(sheet);
    expect(sheet.undo()).toBe("b");
    await settled(sheet);
    expect(asked).toEqual(["draw 0", "rub out 1", "restore 2", "rub out 1"]);
    expect(sheet.drawings().map(({ id }) => id)).toEqual(["a"]);
    expect(sheet.mayUndo()).toBe(false);
  });

  test("keeps what was drawn while the server cannot be reached, and sends it again by itself", async () => {
    vi.useFakeTimers();
    const { client, asked } = answering(unreachable, unreachable);
    const sheet = sheetOf(client);
    sheet.change("a", { text: "Kept" });
    await vi.advanceTimersByTimeAsync(1);
    expect(sheet.state()).toBe("unreachable");
    expect(sheet.drawings()[0]?.text).toBe("Kept");
    await vi.advanceTimersByTimeAsync(2500);
    expect(sheet.state()).toBe("saved");
    expect(asked).toHaveLength(3);
    vi.useRealTimers();
  });

  test("tells of another's change, sends nothing more, and does as the person chooses", async () => {
    const theirs = { ...ARROW, text: "Theirs", version: 7, changedBy: "Robin Hale" };
    const { client, asked } = answering(stale(theirs));
    const sheet = sheetOf(client);
    sheet.change("a", { text: "Mine" });
    await settled(sheet, "stale");
    sheet.change("a", { text: "Mine still" });
    expect(asked).toHaveLength(1);
    expect(sheet.drawings()[0]?.text).toBe("Mine still");
    expect(sheet.keepMine("a")).toBe("a");
    await settled(sheet);
    expect(asked[1]).toBe("redraw 7 Mine still");
  });

  test("draws anew what another deleted meanwhile, or lets it go", async () => {
    for (const isKept of [true, false]) {
      const { client, asked } = answering(stale(null));
      const sheet = sheetOf(client);
      sheet.change("a", { text: "Mine" });
      await settled(sheet, "stale");
      if (isKept) expect(sheet.keepMine("a")).toBe("new");
      else sheet.takeTheirs("a");
      await settled(sheet);
      expect(sheet.drawings().map(({ id }) => id)).toEqual(isKept ? ["new"] : []);
      expect(asked.slice(1)).toEqual(isKept ? ["draw 0 Mine"] : []);
    }
  });

  test("takes its own change for its own when only the answer was lost", async () => {
    const mine = { ...ARROW, text: "Mine", version: 2 };
    const { client } = answering(stale(mine));
    const sheet = sheetOf(client);
    sheet.change("a", { text: "Mine" });
    await settled(sheet);
    sheet.change("a", { isGone: true });
    await settled(sheet);
    expect(sheet.drawings()).toEqual([]);
  });

  test("takes what others drew, but never over what is not saved", async () => {
    const { client } = answering(unreachable);
    const sheet = sheetOf(client);
    sheet.change("a", { text: "Mine" });
    await settled(sheet, "unreachable");
    sheet.adopt([{ ...ARROW, text: "Theirs", version: 5 }, { ...ARROW, id: "c" }]);
    expect(sheet.drawings().map(({ id, text }) => [id, text])).toEqual([["a", "Mine"], ["c", ""]]);
    sheet.adopt([{ ...ARROW, text: "Theirs", version: 5 }]);
    expect(sheet.drawings().map(({ id }) => id)).toEqual(["a"]);
  });
});
