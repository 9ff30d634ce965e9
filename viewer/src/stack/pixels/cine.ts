import { imageName } from "../address";
import { imageOf, type Stack } from "../stack";

const PAUSE = 100; // milliseconds: ten slices a second

export interface Cine {
  toggle(): void;
  stop(): void;
}

/** Plays the stack from the slice on screen, round and round, and waits for slices that are not there yet. */
export function createCine(stack: Stack, onChange: (isPlaying: boolean) => void): Cine {
  let timer: ReturnType<typeof setInterval> | null = null;
  let own = stack.place;

  function stop(): void {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    onChange(false);
  }

  function step(): void {
    const count = stack.list[stack.place.series]?.images.length ?? 0;
    // whoever moves by hand has seen enough
    if (count < 2 || stack.place !== own) {
      stop();
      return;
    }
    // a slice that failed is passed, one that loads or is being drawn is waited for
    const isDrawn = stack.view.viewport.dataset["shown"] === imageName(imageOf(stack));
    if (!isDrawn && stack.view.tryAgain.hidden) return;
    own = { series: own.series, image: (own.image + 1) % count };
    stack.place = own;
    stack.screen.show();
  }

  return {
    toggle() {
      if (timer !== null) {
        stop();
        return;
      }
      own = stack.place;
      timer = setInterval(step, PAUSE);
      onChange(true);
    },
    stop,
  };
}
