import { beforeEach, expect, test } from "vitest";

import { element, required } from "../../src/elements";
import { formRows, frameOf, isEmpty, readBox, type Rows, writeBox } from "../../src/held/rows";

function rowOf(place: string, number: string): HTMLElement {
  const fields = ["x", "y", "width", "height", "frame"].map((name) => {
    const id = `id_masks-${place}-${name}`;
    const label = element("label", { htmlFor: id }, name);
    return element("div", {}, label, element("input", { name: `masks-${place}-${name}`, id }));
  });
  const hidden = element("span", {}, ` rectangle ${number}`);
  const remove = element("button", { name: "remove", value: place }, "Remove", hidden);
  const head = element("span", {}, number);
  head.dataset["number"] = "";
  const row = element("fieldset", {}, head, ...fields, remove);
  row.dataset["mask"] = "";
  return row;
}

let form: HTMLFormElement;
let rows: Rows;

beforeEach(() => {
  const body = element("div", {}, rowOf("0", "1"));
  body.dataset["rows"] = "";
  const template = element("template");
  template.dataset["row"] = "";
  template.content.append(rowOf("__prefix__", "__number__"));
  const total = element("input", { name: "masks-TOTAL_FORMS", value: "1" });
  form = element("form", {}, total, body, template);
  document.body.replaceChildren(form);
  rows = formRows(form);
});

const box = { x: 1, y: 2, width: 30, height: 40 };

test("a new row is numbered as the server reads it", () => {
  const row = rows.add(box);

  expect(readBox(row)).toEqual(box);
  expect(required(row, "input", HTMLInputElement).name).toBe("masks-1-x");
  expect(required(row, "label", HTMLLabelElement).htmlFor).toBe("id_masks-1-x");
  expect(row.querySelector("button span")?.textContent).toBe(" rectangle 2");
  expect(required(form, "[name$=TOTAL_FORMS]", HTMLInputElement).value).toBe("2");
});

test("removing a row leaves no gap in the numbers", () => {
  rows.add(box);
  const third = rows.add({ ...box, x: 77 });

  const first = rows.all()[0];
  if (first) rows.remove(first);

  const names = rows.all().map((row) => required(row, "input", HTMLInputElement).name);
  expect(names).toEqual(["masks-0-x", "masks-1-x"]);
  expect(readBox(third)).toEqual({ ...box, x: 77 });
  expect(required(third, "[name=remove]", HTMLButtonElement).value).toBe("1");
  expect(required(form, "[name$=TOTAL_FORMS]", HTMLInputElement).value).toBe("2");
});

test.each([
  ["", "2", "3", "4"],
  ["1", "2", "0", "4"],
  ["1.5", "2", "3", "4"],
  ["-1", "2", "3", "4"],
])("numbers %s %s %s %s make no rectangle", (...numbers) => {
  const row = rows.add(null);
  [...row.querySelectorAll("input")].slice(0, 4).forEach((field, place) => {
    field.value = numbers[place] ?? "";
  });

  expect(readBox(row)).toBeNull();
});

test("a row without a frame is for every frame", () => {
  const row = rows.add(box);

  expect(frameOf(row)).toBeNull();
  required(row, "[name$='-frame']", HTMLInputElement).value = "12";
  expect(frameOf(row)).toBe(12);
});

test("a row is empty until a number stands in it", () => {
  const row = rows.add(null);

  expect(isEmpty(row)).toBe(true);
  writeBox(row, box);
  expect(isEmpty(row)).toBe(false);
});
