import { describe, expect, test } from "vitest";

import { nextRow, offerMoreRows } from "../../src/findings/adding";
import { readPlacement, writePlacement, type Placement } from "../../src/findings/placement";
import { whereWords } from "../../src/findings/placing";
import { buildRow } from "../../src/findings/row";
import { readSeries } from "../../src/stack/series";

const PLACE: Placement = { image: "k3f9-1", tool: "arrow", pairs: [[231.5, 198.25], [240, 201]] };
const ROW = `
  <div data-finding>
    <div class="nhsuk-form-group nhsuk-form-group--error">
      <label for="id_finding_7_9">Finding 10</label><span class="nhsuk-error-message">Wrong</span>
      <select name="finding_7_9" id="id_finding_7_9" aria-describedby="id_finding_7_9_error"><option value="">None</option><option value="3" selected>Nodule</option></select>
    </div>
    <div><label for="id_site_7_9">Site 10</label><select name="site_7_9" id="id_site_7_9"><option value="">None</option><option value="4" selected>Lower lobe</option></select></div>
    <input type="hidden" name="place_7_9" data-place value=''>
    <div data-place-acts></div>
  </div>`;

function page(most = 20): HTMLElement {
  document.body.replaceChildren();
  document.body.insertAdjacentHTML("beforeend", `<form><section data-series="s1 s2"><div data-most-findings="${most}">${ROW}<p data-more-findings>More</p></div></section></form>`);
  return document.body;
}

const part = (scope: HTMLElement, selector: string): HTMLElement => scope.querySelector(selector) as HTMLElement;

describe("a placement", () => {
  test("is read as it was written", () => {
    expect(readPlacement(writePlacement(PLACE))).toEqual(PLACE);
    expect(readPlacement(writePlacement(null))).toBeNull();
  });

  test.each(["", "x", "null", "[]", "{}", '{"image":"k-1","tool":"pen","graphic_data":[[1,2]]}', '{"image":"k-1","tool":"arrow","graphic_data":[[1]]}', '{"image":"k-1","tool":"arrow","graphic_data":[["1",2]]}'])(
    "is none where this page did not write it: %s",
    (written) => {
      expect(readPlacement(written)).toBeNull();
    },
  );
});

describe("where a finding lies", () => {
  const image = (uid: string): object => ({ uid, frame: 1, url: "/x" });
  const series = (label: string, ...uids: string[]): object => ({ uid: label, label, modality: "CT", images: uids.map(image) });

  test("is its slice as the stack counts, and its series where there are several", () => {
    const one = readSeries([series("Axial", "a", "b")]);
    expect(whereWords({ list: one }, "b-1")).toBe("slice 2 of 2");
    const two = readSeries([series("Axial", "a", "b"), series("Frontal", "c")]);
    expect(whereWords({ list: two }, "a-1")).toBe("slice 1 of 2, Axial");
    expect(whereWords({ list: two }, "c-1")).toBe("the image, Frontal");
    expect(whereWords({ list: one }, "gone-1")).toBe("an image that is no longer shown");
  });
});

describe("a row", () => {
  test("says its finding, and that its place changed", () => {
    const row = buildRow(part(page(), "[data-finding]"));
    let changes = 0;
    part(document.body, "form").addEventListener("change", () => { changes += 1; });
    expect(row.id).toBe("7_9");
    expect(row.series).toEqual(["s1", "s2"]);
    expect([row.meaning(), row.words()]).toEqual(["Nodule", "Nodule, lower lobe"]);

    row.put(PLACE);
    expect(changes).toBe(1);
    expect(row.placement()).toEqual(PLACE);
    row.clear();
    expect([row.meaning(), row.placement()]).toEqual(["", null]);
  });

  test("moves by numbers without telling the form twice or submitting it", () => {
    const row = buildRow(part(page(), "[data-finding]"));
    row.put(PLACE);
    row.show("slice 2 of 3", true);
    const moved: unknown[] = [];
    const nothing = (): void => undefined;
    row.listen({ place: nothing, takeOff: nothing, remove: nothing, move: nothing, pairs: (pairs) => moved.push(pairs) });
    let changes = 0;
    part(document.body, "form").addEventListener("change", () => { changes += 1; });
    const input = document.querySelectorAll<HTMLInputElement>("input[type=number]")[3] as HTMLInputElement;
    input.value = "45.5";
    const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    input.dispatchEvent(enter);
    expect(enter.defaultPrevented).toBe(true);
    expect(moved).toEqual([[[231.5, 198.25], [240, 45.5]]]);
    expect(changes).toBe(0);
  });
});

describe("another row", () => {
  test("is empty, numbered on and without the other's error", () => {
    const made = nextRow(part(page(), "[data-finding]"));
    expect([...made.querySelectorAll("[name]")].map((each) => each.getAttribute("name"))).toEqual(["finding_7_10", "site_7_10", "place_7_10"]);
    expect([...made.querySelectorAll("label")].map((each) => [each.htmlFor, each.textContent])).toEqual([["id_finding_7_10", "Finding 11"], ["id_site_7_10", "Site 11"]]);
    expect([...made.querySelectorAll("select")].map(({ value }) => value)).toEqual(["", ""]);
    expect(made.querySelector(".nhsuk-error-message, .nhsuk-form-group--error, [aria-describedby]")).toBeNull();
  });

  test("is offered until the form takes no more", () => {
    const added: HTMLElement[] = [];
    offerMoreRows(part(page(2), "[data-most-findings]"), (row) => added.push(row));
    const button = document.querySelector("button") as HTMLButtonElement;
    expect(document.querySelector("[data-more-findings]")).toBeNull();
    button.click();
    expect(added).toHaveLength(1);
    expect(button.hidden).toBe(true);
  });
});
