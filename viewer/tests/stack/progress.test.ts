import { expect, test } from "vitest";

import { showProgress } from "../../src/stack/reporting";
import type { Stack } from "../../src/stack/stack";

function shown(): { stack: Stack; loading: HTMLElement; bar: HTMLProgressElement } {
  const loading = document.createElement("span");
  const bar = document.createElement("progress");
  return { stack: { view: { loading, bar } } as unknown as Stack, loading, bar };
}

test("progress is told in whole percents, and the page is left alone between two", () => {
  const { stack, loading, bar } = shown();

  const written = new Set<ChildNode | null>();
  for (let loaded = 0; loaded < 300; loaded += 1) {
    showProgress(stack, loaded, 300);
    written.add(loading.firstChild);
  }

  expect(loading.textContent).toBe("99 % loaded");
  expect(written.size).toBe(100);
  expect(bar.value).toBeCloseTo(0.99, 2);
});

test("a whole stack says nothing more, and its bar is full", () => {
  const { stack, loading, bar } = shown();

  showProgress(stack, 2, 3);
  showProgress(stack, 3, 3);

  expect(loading.textContent).toBe("");
  expect(bar.value).toBe(1);
  expect(bar.className).toBe("app-stack__bar--whole");
});

test("a series of one image is whole at once", () => {
  const { stack, bar } = shown();

  showProgress(stack, 1, 1);

  expect(bar.className).toBe("app-stack__bar--whole");
});
