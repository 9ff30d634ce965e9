const QUIET = 500; // milliseconds: scrolling fast says only where it ends

/** Says a sentence to screen readers once nothing newer came for a moment. */
export function createAnnouncer(region: HTMLElement): (sentence: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (sentence) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      region.textContent = sentence;
    }, QUIET);
  };
}
