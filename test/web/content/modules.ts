/** Modules that the test answers for. */
import { ModhavenError } from '../../../src/errors.js';
import type { CanonicalVersion } from '../../../src/module/version.js';
import type { Fetched, Modules } from '../../../src/modfetch/repo.js';

export interface Answers {
  list?: readonly CanonicalVersion[];
  infos?: Readonly<Record<string, { Version: string; Time?: string; Origin?: unknown }>>;
  mods?: Readonly<Record<string, string>>;
  zipError?: Error;
  /** Resolves before anything is answered. */
  held?: Promise<void>;
}

export function answering({ list, infos = {}, mods = {}, zipError, held }: Answers): Modules {
  async function fetched<T>(value: T | undefined, what: string): Promise<Fetched<T>> {
    await held;
    if (value === undefined) throw new ModhavenError('VERSION_NOT_FOUND', `no ${what}`);
    return { value, fromCache: false, immutable: false };
  }
  return {
    list: () => fetched(list && [...list], 'list'),
    info: (_module, query) =>
      fetched(infos[query] && Buffer.from(JSON.stringify(infos[query])), `version ${query}`),
    mod: (_module, version) =>
      fetched(mods[version] === undefined ? undefined : Buffer.from(mods[version]), 'go.mod'),
    zip: async () => {
      await held;
      return {
        fromCache: true,
        stored: () =>
          zipError === undefined
            ? Promise.resolve({ hash: 'h1:', open: () => Promise.reject(new Error('not here')) })
            : Promise.reject(zipError),
      };
    },
  };
}
