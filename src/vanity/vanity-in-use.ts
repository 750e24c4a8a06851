/**
 * The rules in use while the settings may come to name another file: a switch to a bad file changes nothing, just as a
 * bad edit does.
 */
import type { Logger } from 'pino';
import { formatProblem } from '../yaml/problems.js';
import { asConfigError, type ModhavenError } from '../errors.js';
import { createVanityStore, type VanityStore } from './vanity-store.js';
import type { VanityMap } from './vanity-map.js';

export interface VanityInUseOptions {
  /** The file that the settings name now. */
  file: () => string;
  /** See `VanityFileOptions`. */
  defaultHost: () => string;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface VanityInUse {
  current(): VanityMap;
  /** Why what the settings name now is not in use. */
  lastError(): ModhavenError | undefined;
  /** Reads the file again, or the new one, and logs what came of it. Returns whether it is in use now. */
  reload(): boolean;
  /** The files whose change matters: also one that has an error, while another one is in use. */
  files(): string[];
}

/** Reads the file for the first time and logs its warnings. Throws CONFIG if it is bad. */
export function vanityInUse({ file, defaultHost, log }: VanityInUseOptions): VanityInUse {
  let inUse = file();
  let store = createVanityStore({ file: inUse, defaultHost });
  let switchError: ModhavenError | undefined;
  warn();

  function warn(): void {
    const map = store.current();
    for (const warning of map.warnings) log.warn(formatProblem(map.file, warning));
  }

  function switchTo(next: string): boolean {
    try {
      store = createVanityStore({ file: next, defaultHost });
    } catch (error) {
      switchError = asConfigError(error, next);
      log.error({ error: switchError.message }, 'the new vanity file has an error; the old one stays in use');
      return false;
    }
    inUse = next;
    switchError = undefined;
    return true;
  }

  function readAgain(current: VanityStore): boolean {
    switchError = undefined;
    if (current.reload()) return true;
    const error = current.lastError()?.message;
    log.error({ error }, 'vanity.yaml has an error; the last good rules stay in use');
    return false;
  }

  return {
    current: () => store.current(),
    lastError: () => switchError ?? store.lastError(),
    files: () => [...new Set([inUse, file()])],
    reload() {
      const next = file();
      if (!(next === inUse ? readAgain(store) : switchTo(next))) return false;
      const map = store.current();
      warn();
      log.info({ file: map.file, rules: map.rules.length }, 'vanity.yaml read again');
      return true;
    },
  };
}
