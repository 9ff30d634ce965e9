import { expect, test, vi } from "vitest";

import { createLoader, failureWords, LoadError, nextToLoad, type LoadState } from "../../src/stack/loading";

const now = (): Promise<void> => Promise.resolve();
const blob = (index: number): Blob => new Blob([String(index)]);

async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

function waiting(count: number): LoadState[] {
  return new Array<LoadState>(count).fill("waiting");
}

test("the slice on screen loads first, then its neighbours, the one ahead before the one behind", () => {
  const states = waiting(7);
  const order: number[] = [];
  for (let next = nextToLoad(states, 3, 1); next >= 0; next = nextToLoad(states, 3, 1)) {
    order.push(next);
    states[next] = "loaded";
  }
  expect(order).toEqual([3, 4, 2, 5, 1, 6, 0]);
});

test("scrolling back loads what is behind first", () => {
  const states = waiting(5);
  states[2] = "loaded";
  expect(nextToLoad(states, 2, -1)).toBe(1);
});

test("every slice is fetched once and at most six at a time", async () => {
  const asked: number[] = [];
  let running = 0;
  let most = 0;
  const loader = createLoader({
    count: 20,
    pause: now,
    onChange: () => undefined,
    load: async (index) => {
      asked.push(index);
      running += 1;
      most = Math.max(most, running);
      await now();
      running -= 1;
      return blob(index);
    },
  });
  loader.lookAt(10);
  loader.lookAt(11);
  await settled();
  expect(loader.loaded()).toBe(20);
  expect(asked.slice().sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
  expect(most).toBe(6);
});

test("the first picture has the line to itself", async () => {
  const asked: number[] = [];
  let deliver: (picture: Blob) => void = () => undefined;
  const first = new Promise<Blob>((resolve) => {
    deliver = resolve;
  });
  const loader = createLoader({
    count: 9,
    pause: now,
    onChange: () => undefined,
    load: (index) => {
      asked.push(index);
      return asked.length === 1 ? first : Promise.resolve(blob(index));
    },
  });
  loader.lookAt(4);
  await settled();
  expect(asked).toEqual([4]);
  deliver(blob(4));
  await settled();
  expect(asked).toHaveLength(9);
});

test("a lost line is tried three times and then fails, and the rest goes on", async () => {
  const load = vi.fn((index: number) =>
    index === 2 ? Promise.reject(new LoadError(0)) : Promise.resolve(blob(index)),
  );
  const loader = createLoader({ count: 5, pause: now, onChange: () => undefined, load });
  loader.lookAt(2);
  await settled();
  expect(load.mock.calls.filter(([index]) => index === 2)).toHaveLength(3);
  expect(loader.state(2)).toBe("failed");
  expect(loader.loaded()).toBe(4);
});

test("an image that is gone is not asked for again by itself", async () => {
  const load = vi.fn(() => Promise.reject(new LoadError(404)));
  const loader = createLoader({ count: 1, pause: now, onChange: () => undefined, load });
  loader.lookAt(0);
  await settled();
  expect(load).toHaveBeenCalledTimes(1);
  expect(failureWords("Slice 3", loader.failure(0))).toBe("Slice 3 is not available any more.");
});

test("a failed slice loads when it is tried again", async () => {
  let isBroken = true;
  const loader = createLoader({
    count: 1,
    pause: now,
    onChange: () => undefined,
    load: () => (isBroken ? Promise.reject(new LoadError(503)) : Promise.resolve(blob(0))),
  });
  loader.lookAt(0);
  await settled();
  expect(loader.state(0)).toBe("failed");
  isBroken = false;
  loader.retry(0);
  await settled();
  expect(loader.state(0)).toBe("loaded");
});

test("a loader that was stopped starts nothing new until it is looked at again", async () => {
  const load = vi.fn((index: number) => Promise.resolve(blob(index)));
  const loader = createLoader({ count: 30, pause: now, onChange: () => undefined, load });
  loader.lookAt(0);
  loader.stop();
  await settled();
  expect(loader.loaded()).toBe(1);
  loader.lookAt(0);
  await settled();
  expect(loader.loaded()).toBe(30);
});

test("what is farthest from the slice that is looked at makes room, and comes again when it is near", async () => {
  const dropped: string[] = [];
  const loader = createLoader({
    count: 30,
    capacity: () => 10,
    pause: now,
    onChange: () => undefined,
    load: (index) => Promise.resolve(String(index)),
    onDrop: (picture) => dropped.push(picture),
  });
  const held = (): number[] => [...Array(30).keys()].filter((index) => loader.picture(index) !== undefined);
  loader.lookAt(0);
  await settled();
  expect(held()).toEqual([...Array(10).keys()]);
  loader.lookAt(29);
  await settled();
  expect(held()).toHaveLength(10);
  expect(held()).toContain(29);
  expect(held()[0]).toBeGreaterThanOrEqual(19);
  expect(dropped).toContain("0");
  loader.lookAt(0);
  await settled();
  expect(loader.picture(0)).toBe("0");
  expect(loader.loaded()).toBe(loader.expected());
});

test("how many may be kept is learnt from the pictures that came", async () => {
  let most = 20;
  const loader = createLoader({
    count: 30,
    capacity: () => most,
    pause: now,
    onChange: () => undefined,
    load: (index) => {
      most = 6;
      return Promise.resolve(String(index));
    },
  });
  loader.lookAt(15);
  await settled();
  expect(loader.loaded()).toBeLessThanOrEqual(6);
  expect(loader.expected()).toBe(6);
  loader.lookAt(29);
  await settled();
  expect(loader.picture(29)).toBe("29");
  expect(loader.loaded()).toBeLessThanOrEqual(6);
});
