/** What processes that were killed have left below `cache.dir`: unfinished files and folders. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { TEMPORARY } from '../fs/temporary-name.js';
import { ownerState } from '../fs/process-tag.js';
import { measure, walk, type FoundFile } from './walk.js';

/** Names of what only one process uses. */
const UNFINISHED = new RegExp(`^${TEMPORARY.replace('.', '\\.')}|^upstream-.|\\.discarded-`);

/** What a process of another machine has not changed for so long counts as abandoned, in milliseconds. */
const ABANDONED_MS = 60 * 60_000;

export interface Leftover {
  path: string;
  bytes: number;
}

/** What dead processes left below `dir`. */
export async function findLeftovers(dir: string, now = Date.now()): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for await (const found of walk(dir, isUnfinished)) {
    if (!isUnfinished(found)) continue;
    const inside = found.isDirectory ? await measure(found.path) : { bytes: found.bytes, modifiedAt: 0 };
    const modifiedAt = Math.max(found.modifiedAt, inside.modifiedAt);
    const state = ownerState(basename(found.path));
    if (state === 'dead' || (state === 'unknown' && now - modifiedAt > ABANDONED_MS)) {
      left.push({ path: found.path, bytes: inside.bytes });
    }
  }
  return left;
}

export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<void> {
  for (const { path } of leftovers) await rm(path, { recursive: true, force: true });
}

function isUnfinished({ path }: FoundFile): boolean {
  return UNFINISHED.test(basename(path));
}
