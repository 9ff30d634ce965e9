import type { Stack } from "../stack";

const PAUSE = 100; // milliseconds: ten slices a second

export interface Cine {
  toggle(): void;
  stop(): void;
}

/** Plays the stack from the slice on screen, round and round, and waits for slices that are not there yet. */
export function createCine(stack: Stack, onChange: (isPlaying: boolean) => void): Cine {
  let timer: ReturnType<typeof setInterval> | null = null;

  function stop(): void {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    onChange(false);
  }

  function step(): void {
    const count = stack.list[stack.place.series]?.images.length ?? 0;
    if (count < 2 || !stack.view.viewport.isConnected) {
      stop();
      return;
    }
    // a slice that failed is passed, one that loads is waited for
    if (!stack.view.cover.hidden && stack.view.tryAgain.hidden) return;
    stack.place = { series: stack.place.series, image: (stack.place.image + 1) % count };
    stack.screen.show();
  }

  return {
    toggle() {
      if (timer !== null) {
        stop();
        return;
      }
      timer = setInterval(step, PAUSE);
      onChange(true);
    },
    stop,
  };
}
