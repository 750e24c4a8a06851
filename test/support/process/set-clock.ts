/** The clock of a child, which a test sets while the child runs. The machine's own is not touched. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, type Env } from '../run.js';
import { tempDir } from '../tmp.js';

export interface SettableClock {
  /** What a child needs in its environment; what it starts in turn has the same clock. */
  readonly env: Env;
  /** Sets it: so many seconds before (below zero) or after that of the machine. */
  set(offSeconds: number): Promise<void>;
}

/**
 * A clock that is off by `offSeconds`. As on another machine over a shared disk, or where a person sets the clock, the
 * times of files and the clock that counts from the start of the machine stay as they are. Needs `faketime`.
 */
export async function settableClock(offSeconds = 0): Promise<SettableClock> {
  const file = path.join(await tempDir('clock'), 'offset');
  const set = async (off: number): Promise<void> => writeFile(file, `${off < 0 ? '' : '+'}${off}\n`);
  await set(offSeconds);
  // The library lies where this program knows.
  const library = await mustRun('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD']);
  const env = {
    LD_PRELOAD: library.trim(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return { env, set };
}
