import { cover } from "../reporting";
import type { Place } from "../address";
import { seriesOf, type Stack } from "../stack";
import type { Window } from "../windowing";
import { headersOf } from "./headers";
import type { Planes } from "./planes";
import type { Picture, PixelScreen } from "./screen";
import type { Tools } from "./tools";
import { PLANE, slabWords, type Slab } from "./slabs";
import { depthOf, whyNoVolume } from "./volumes";

export interface Reformatting {
  toggle(): void;
  slab(slab: Slab): void;
  chosenSlab(): Slab;
  close(): void;
  /** Draws the planes in the wanted window; false when they are not open for what is wanted. */
  keepUp(): boolean;
}

const isAt = (one: Place, other: Place): boolean => one.series === other.series && one.image === other.image;

function say(stack: Stack, words: string): void {
  stack.view.copied.textContent = words;
}

/** The pictures in their order in space; null, with the reason said, when they are no volume. */
async function volumeOf(stack: Stack, screen: PixelScreen): Promise<Picture[] | null> {
  const series = seriesOf(stack);
  const reason = await headersOf(series).then(whyNoVolume, () => "The headers of this series did not load.");
  // the person may have moved on meanwhile
  if (series !== seriesOf(stack)) return null;
  say(stack, reason ?? "");
  if (reason !== null) return null;
  const pictures = screen.everyPicture();
  if (!pictures && screen.isTooLarge()) {
    say(stack, "This series has more slices than this browser may keep at once, so there are no other planes.");
    return null;
  }
  if (!pictures) {
    const words = stack.view.loading.textContent;
    // a missing slice would be drawn as tissue
    say(stack, `Three planes need all ${series.images.length} slices${words ? `: ${words} so far` : ""}.`);
    return null;
  }
  return pictures.sort((a, b) => depthOf(a.header) - depthOf(b.header));
}

/** Opens and closes the three planes; says why when the series has none. */
export function createReformatting(stack: Stack, screen: PixelScreen, tools: Tools): Reformatting {
  let open: Planes | null = null;
  let openFor = stack.place;
  let isOpening = false;
  let slab: Slab = PLANE;

  async function begin(): Promise<void> {
    const pictures = await volumeOf(stack, screen);
    if (!pictures || isOpening || open) return;
    isOpening = true;
    openFor = stack.place;
    screen.rest(true);
    cover(stack, "The planes are being drawn.", false);
    try {
      const { openPlanes } = await import("./planes");
      const series = seriesOf(stack);
      const made = await openPlanes(stack.view.picture, series.uid, pictures, ...appearance());
      // the person may have moved on meanwhile
      if (isAt(openFor, stack.place)) {
        open = made;
        drawn();
      } else made.close();
    } catch {
      say(stack, "The planes could not be drawn here.");
      close();
      screen.show();
    } finally {
      isOpening = false;
    }
  }

  function drawn(): void {
    stack.view.cover.hidden = true;
    stack.view.viewport.dataset["planes"] = "open";
    stack.view.position.textContent = "Three planes";
    stack.view.picture.setAttribute("aria-label", `${seriesOf(stack).label}: axial, coronal and sagittal planes`);
    stack.say("Axial, coronal and sagittal planes");
    showButtons(true);
  }

  function showButtons(isOpen: boolean): void {
    tools.planes.setAttribute("aria-pressed", String(isOpen));
    tools.showSlab(isOpen ? slab : null);
  }

  function close(): void {
    open?.close();
    open = null;
    slab = PLANE;
    delete stack.view.viewport.dataset["planes"];
    screen.rest(false);
    showButtons(false);
  }

  function appearance(): [Window, boolean] {
    const [window, picture] = [screen.window(), screen.picture()];
    if (!window || !picture) throw new Error("The slice is not there.");
    return [window, stack.isInverted !== picture.header.isInverted];
  }

  function keepUp(): boolean {
    if (!isAt(openFor, stack.place) || !(open || isOpening)) return false;
    open?.setWindow(...appearance());
    return true;
  }

  return {
    toggle() {
      if (!open) {
        void begin();
        return;
      }
      close();
      screen.show();
    },
    slab(wanted) {
      if (!open) return;
      slab = wanted;
      open.setSlab(slab);
      stack.say(slabWords(slab));
      showButtons(true);
    },
    chosenSlab: () => slab,
    close,
    keepUp,
  };
}
