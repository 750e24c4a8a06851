/** Reads all that is stored, slowly: what a web server in front sends by itself is not checked otherwise. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Stores } from '../store/open/open-stores.js';
import { PART_KINDS } from '../store/version-store.js';

/** The rest after each part: so many times as long as its check took, and at least so many milliseconds. */
const REST = { times: 9, shortest: 5 };

/** Checks every part that is stored. Ends early once `isStopped`. Throws STORAGE. */
export async function scrub(
  { checked, unchecked }: Pick<Stores, 'checked' | 'unchecked'>,
  isStopped: () => boolean,
): Promise<{ parts: number; damaged: number }> {
  let [parts, damaged] = [0, 0];
  for await (const module of unchecked.modules()) {
    for (const kind of PART_KINDS) {
      for (const version of await unchecked.versions(module, kind)) {
        if (isStopped()) return { parts, damaged };
        const startedAt = performance.now();
        parts += 1;
        if (!(await checked.checkAgain({ module, version, kind }))) damaged += 1;
        const rest = Math.max(REST.shortest, REST.times * (performance.now() - startedAt));
        await wait(rest, undefined, { ref: false });
      }
    }
  }
  return { parts, damaged };
}
