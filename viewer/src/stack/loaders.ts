import type { Loader } from "./loading";

export interface Loaders<Picture> {
  /** The loader of this set of pictures; every other one rests. */
  get(key: string): Loader<Picture>;
  /** Gives everything up. */
  close(): void;
}

/** Loaders by the set of pictures they load, the newest few: going back to one finds it loaded. */
export function createLoaders<Picture>(kept: number, make: () => Loader<Picture>): Loaders<Picture> {
  const loaders = new Map<string, Loader<Picture>>();
  return {
    get(key) {
      for (const [other, loader] of loaders) if (other !== key) loader.stop();
      const found = loaders.get(key) ?? make();
      // the newest last, so that the oldest goes first
      loaders.delete(key);
      loaders.set(key, found);
      for (const [oldest, loader] of loaders) {
        if (loaders.size <= kept) break;
        loaders.delete(oldest);
        loader.close();
      }
      return found;
    },
    close() {
      for (const loader of loaders.values()) loader.close();
      loaders.clear();
    },
  };
}
