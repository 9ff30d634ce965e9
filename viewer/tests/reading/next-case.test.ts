import { beforeEach, describe, expect, it, vi } from "vitest";

import { startNextCase } from "../../src/reading/next-case";

function press(target: EventTarget, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

describe("the key of the next case", () => {
  const open = vi.fn();
  let page: Document;

  beforeEach(() => {
    open.mockClear();
    localStorage.clear();
    page = document.implementation.createHTMLDocument();
    const link = page.createElement("a");
    link.href = "https://site.test/review/cases/8/";
    link.dataset["nextCase"] = "";
    page.body.append(link, page.createElement("textarea"));
  });

  it("opens the next case", () => {
    startNextCase(page, open);
    expect(press(page.body, "j").defaultPrevented).toBe(true);
    expect(open).toHaveBeenCalledWith("https://site.test/review/cases/8/");
    expect(page.querySelector("a")?.getAttribute("aria-keyshortcuts")).toBe("J");
    expect(page.querySelector("kbd")?.textContent).toBe("J");
  });

  it("leaves words that are typed, other keys and the switched-off reader alone", () => {
    startNextCase(page, open);
    press(page.querySelector("textarea") as HTMLTextAreaElement, "j");
    press(page.body, "k");
    press(page.body, "j", { ctrlKey: true });
    localStorage.setItem("letter-keys", "off");
    press(page.body, "j");
    expect(open).not.toHaveBeenCalled();
  });

  it("does nothing where no case follows", () => {
    page.querySelector("a")?.remove();
    startNextCase(page, open);
    expect(press(page.body, "j").defaultPrevented).toBe(false);
  });
});
