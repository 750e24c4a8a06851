/**
 * The map in use. A good edit replaces it as a whole; a bad one changes nothing but what `lastError` says, because the
 * developers who build at that moment have done nothing wrong.
 */
import { asConfigError, type ModhavenError } from '../errors.js';
import { loadVanity } from './vanity-file.js';
import type { VanityMap } from './vanity-map.js';

export interface VanityStoreOptions {
  /** Path of vanity.yaml. */
  file: string;
  /** See `VanityFileOptions`; asked at every reload, since `public_url` may have changed meanwhile. */
  defaultHost: string | (() => string);
  /** Called after every reload with the map then in use, and the error that kept a new one out. */
  onReload?: (map: VanityMap, error: ModhavenError | undefined) => void;
}

export interface VanityStore {
  current(): VanityMap;
  /** What is wrong with the file on disk; undefined if it is the one in use. */
  lastError(): ModhavenError | undefined;
  /** Reads the file again. Returns whether it is in use now. */
  reload(): boolean;
}

/** Reads the file for the first time: throws CONFIG if it is bad. */
export function createVanityStore({ file, defaultHost, onReload }: VanityStoreOptions): VanityStore {
  let map = load();
  let lastError: ModhavenError | undefined;

  function load(): VanityMap {
    return loadVanity(file, { defaultHost: typeof defaultHost === 'string' ? defaultHost : defaultHost() });
  }

  return {
    current: () => map,
    lastError: () => lastError,
    reload() {
      try {
        map = load();
        lastError = undefined;
      } catch (error) {
        lastError = asConfigError(error, file);
      }
      onReload?.(map, lastError);
      return lastError === undefined;
    },
  };
}
