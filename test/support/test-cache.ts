/**
 * What is slow to get and never changes (a server's jars, a program built from source) is kept between test runs,
 * outside of the checkout so that a fresh clone has it, too: `$XDG_CACHE_HOME/modhaven-test`, by default below
 * `~/.cache`. All of it may be deleted at any time.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { lockPath } from '../../src/fs/path-lock.js';
import { removeTree } from './tmp.js';

/** How long another process may take to fill a directory. */
const FILL_MS = 900_000;

/**
 * The directory `name` of the cache; `fill` is called with a draft of it when it is not there. It appears as a whole
 * or not at all, so `name` holds everything its content depends on. Test files that want it at the same time wait for
 * the first.
 */
export async function cachedDir(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const { XDG_CACHE_HOME: home } = process.env;
  const root = path.join(
    home === undefined || home === '' ? path.join(homedir(), '.cache') : home,
    'modhaven-test',
  );
  const dir = path.join(root, name);
  if (existsSync(dir)) return dir;
  await mkdir(root, { recursive: true });
  const lock = await lockPath(dir, { staleMs: 10_000, waitMs: FILL_MS });
  try {
    if (existsSync(dir)) return dir;
    const draft = await mkdtemp(`${dir}.draft-`);
    try {
      await fill(draft);
      await rename(draft, dir);
    } finally {
      removeTree(draft);
    }
  } finally {
    await lock.release();
  }
  return dir;
}
