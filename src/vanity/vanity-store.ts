/** The map in use, read again when vanity.yaml changes; a bad edit keeps the last good one. */
import type { ModhavenError } from '../errors.js';
import { LastGood } from '../fs/last-good.js';
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
  const map = new LastGood<VanityMap>(
    (last) =>
      loadVanity(file, {
        defaultHost: typeof defaultHost === 'string' ? defaultHost : defaultHost(),
        hasRules: last !== undefined && last.rules.length > 0,
        before: last,
      }),
    file,
  );
  return {
    current: () => map.value,
    lastError: () => map.error,
    reload() {
      const isGood = map.reload();
      onReload?.(map.value, map.error);
      return isGood;
    },
  };
}
