/** The git mirrors below `<cache.dir>/vcs`: how large they are, when they were last used, and how to remove one. */
import { readFile, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from '../fs/temporary-name.js';
import type { HeldLock } from '../fs/path-lock.js';
import { tryLockRepository } from '../vcs/bare/repo-lock.js';
import { isMirrorName, repositoriesOf } from '../vcs/mirror/mirror-layout.js';
import { measure } from './walk.js';

export interface FoundMirror {
  dir: string;
  bytes: number;
  /** Milliseconds since 1970. */
  lastUsed: number;
}

/** The mirrors in `dirs`. */
export async function findMirrors(dirs: readonly string[]): Promise<FoundMirror[]> {
  const found: FoundMirror[] = [];
  for (const parent of dirs) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (!isMirrorName(name)) continue;
      const dir = join(parent, name);
      const { bytes, modifiedAt } = await measure(dir);
      const touchedAt = (await stat(dir).catch(() => undefined))?.mtimeMs ?? 0;
      found.push({ dir, bytes, lastUsed: Math.max(modifiedAt, touchedAt) });
    }
  }
  return found;
}

/**
 * Removes a mirror, unless it is in use: while a process writes to it or git works in it. A process that reads
 * from it by other means finds it gone and makes it anew. False if it was in use.
 */
export async function removeMirror(dir: string): Promise<boolean> {
  const locks: HeldLock[] = [];
  try {
    for (const repository of Object.values(repositoriesOf(dir))) {
      locks.push(await tryLockRepository(repository));
    }
    if (await isGitAtWork(dir)) return false;
    const away = temporaryName(dirname(dir));
    await rename(dir, away);
    await rm(away, { recursive: true, force: true });
    return true;
  } catch {
    return false; // locked, or another process removed it
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** Whether a git process of this machine works in `dir`; children that only wait to be asked for objects do not count. */
async function isGitAtWork(dir: string): Promise<boolean> {
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd !== dir && !cwd.startsWith(`${dir}/`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command !== '' && !command.includes('cat-file')) return true;
  }
  return false;
}
