/** Notes which stored versions are used, for the decision what may be removed when room is needed. */
import type { LastUse } from '../../store/last-use.js';
import type { Observer } from '../observer.js';

/** An observer that tells `lastUse` of each version a client was given. */
export function noteUses(lastUse: Pick<LastUse, 'note'>): Observer {
  return {
    replied({ outcome, status }) {
      if (status >= 400 || outcome?.module === undefined || outcome.version === undefined) return;
      lastUse.note(outcome.module, outcome.version);
    },
  };
}
