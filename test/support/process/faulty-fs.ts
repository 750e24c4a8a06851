/** Work on files, repeated so that each operation fails once; see `faulty-fs.mjs`. To be imported before the program. */
import { plant, pull } from './faulty-fs.mjs';
import { errorMessage } from '../../../src/errors.js';
import { tempDir } from '../tmp.js';

/** The disk is full; the disk is broken; too many files are open. */
export const FAULT_CODES = ['ENOSPC', 'EIO', 'EMFILE'] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

export interface FaultyWork {
  work: () => Promise<unknown>;
  /** Looks at what is there after it, when files can be used again; `failure` is what `work` threw. */
  judge: (failure: unknown) => Promise<void>;
}

/** More operations than any work here makes. */
const MAX_OPERATIONS = 2_000;

/** Every operation takes minutes for all works; one of seven, another one of each code, is for each day. */
export const STRIDE = process.env.MODHAVEN_SLOW === '1' ? 1 : 7;

/**
 * Does the work that `prepare` makes for a new folder again and again: the first time its first operation below the folder
 * fails, then another one, until none is left. Returns how many failed.
 */
export async function eachFault(
  code: FaultCode,
  prepare: (dir: string) => Promise<FaultyWork>,
): Promise<number> {
  let failed = 0;
  for (let at = 1 + (FAULT_CODES.indexOf(code) % STRIDE); at <= MAX_OPERATIONS; at += STRIDE) {
    const dir = await tempDir('fault');
    const { work, judge } = await prepare(dir);
    plant({ root: dir, at, code });
    const failure = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    const hasFailed = pull();
    try {
      await judge(failure);
    } catch (error) {
      const what = hasFailed ? `${code} at operation ${at}` : 'without a fault';
      throw new Error(`${what} (it threw ${errorMessage(failure)}): ${errorMessage(error)}`, {
        cause: error,
      });
    }
    if (!hasFailed) return failed;
    failed += 1;
  }
  throw new Error('it never ends');
}
