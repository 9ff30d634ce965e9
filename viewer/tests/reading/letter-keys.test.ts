// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";

import { choice, startLetterKeys } from "../../src/reading/letter-keys";

let form: HTMLFormElement;

beforeEach(() => {
  localStorage.clear();
  const page = document.createRange().createContextualFragment(`
    <form data-reading><h2>Your reading</h2>
      <section data-study id="one">
        <input type="radio" name="category_1" id="c1" data-key="q"><label for="c1">Classic</label>
      </section>
      <section data-study id="two">
        <input type="radio" name="category_2" id="c2" data-key="q"><label for="c2">Classic</label>
      </section>
      <input type="radio" name="include" id="yes" data-key="z"><label for="yes">Yes</label>
      <textarea id="comment"></textarea>
    </form>`);
  document.body.replaceChildren(page);
  form = document.querySelector("form") as HTMLFormElement;
  startLetterKeys(form);
});

function press(key: string, target: EventTarget = document.body): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

function isChosen(id: string): boolean {
  return (document.getElementById(id) as HTMLInputElement).checked;
}

describe("a letter key", () => {
  it("chooses the answer of the current study", () => {
    press("q");
    expect([isChosen("c1"), isChosen("c2")]).toEqual([true, false]);
  });

  it("chooses in the next study after N", () => {
    press("n");
    press("Q");
    expect([isChosen("c1"), isChosen("c2")]).toEqual([false, true]);
  });

  it("chooses an answer about the case", () => {
    expect(choice(form, "z")?.id).toBe("yes");
  });

  it("types in a comment and chooses nothing", () => {
    press("q", document.getElementById("comment") as HTMLElement);
    expect(isChosen("c1")).toBe(false);
  });

  it("tells the form that an answer changed", () => {
    let changes = 0;
    form.addEventListener("change", () => (changes += 1));
    press("z");
    expect(changes).toBe(1);
  });

  it("does nothing once the switch is off", () => {
    (document.getElementById("letter-keys") as HTMLInputElement).click();
    press("q");
    expect(isChosen("c1")).toBe(false);
  });

  it("is shown beside its answer", () => {
    expect(document.querySelector("label[for=c1] kbd")?.textContent).toBe("Q");
  });

  it("of another name leaves the key to the page", () => {
    const event = new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });
});
