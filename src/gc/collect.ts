/**
 * Makes room below `cache.dir`. First goes what killed processes left, then, while more is there than may be, git
 * mirrors, then public versions and answers that can be had again, each the least recently used first. Finished private
 * versions stay.
 */
import { join } from 'node:path';
import { hasCode } from '../fs/file-errors.js';
import { LockHeld, lockPath, type HeldLock } from '../fs/path-lock.js';
import { missingBytes } from '../fs/disk-room.js';
import { storageError } from '../store/storage-error.js';
import { findLeftovers, removeLeftovers, type Leftover } from './leftovers.js';
import { findMirrors, removeMirror, type FoundMirror } from './mirrors.js';
import { forgetUses, removePublic, type PublicOptions, type RemovedContent } from './public-content.js';
import { measureEach } from './walk.js';

/** `onProgress` is told while the cache is measured, too. */
export interface CollectOptions extends PublicOptions {
  /** Bytes that may be there. */
  maxBytes: number;
}

export interface Collection extends RemovedContent {
  dryRun: boolean;
  /** Bytes below `cache.dir` before and, or as it would be, after. */
  before: number;
  after: number;
  maxBytes: number;
  /** Bytes by the folder or file directly below `cache.dir`, before room was made. */
  folders: Map<string, number>;
  /** Less than `maxBytes` where the disk has less room than it should. */
  limit: number;
  leftovers: Leftover[];
  mirrors: FoundMirror[];
}

/** Undefined, and only leftovers are removed, if another process is collecting. Throws STORAGE. */
export async function collect(options: CollectOptions): Promise<Collection | undefined> {
  const { layout } = options.stores;
  // Two processes may remove them at once. Neither waits for a lock, because its holder may be a process that died.
  const leftovers = await findLeftovers(layout.root);
  if (options.dryRun !== true) await removeLeftovers(leftovers);
  const lock = await lockGc(layout.root);
  if (lock === undefined) return undefined;
  try {
    return await collectAlone(options, leftovers);
  } finally {
    await lock.release();
  }
}

/** Undefined where another process has it, or there is no cache directory. */
async function lockGc(root: string): Promise<HeldLock | undefined> {
  try {
    return await lockPath(join(root, 'gc'), { staleMs: 30_000, waitMs: 0 });
  } catch (error) {
    if (error instanceof LockHeld || hasCode(error, 'ENOENT')) return undefined;
    throw storageError(error);
  }
}

async function collectAlone(options: CollectOptions, leftovers: Leftover[]): Promise<Collection> {
  const { stores, maxBytes, dryRun = false } = options;
  const { layout } = stores;
  const folders = await measureEach(layout.root, options.onProgress);
  const bytes = [...folders.values()].reduce((sum, each) => sum + each, 0);
  const unfinished = leftovers.reduce((sum, leftover) => sum + leftover.bytes, 0);
  const [before, after] = dryRun ? [bytes, bytes - unfinished] : [bytes + unfinished, bytes];
  const space = await stores.room.look();
  const missing = space === undefined ? 0 : missingBytes(space, after);
  const limit = missing === 0 ? maxBytes : Math.max(0, Math.min(maxBytes, after - missing));
  const result: Collection = {
    dryRun,
    before,
    after,
    folders,
    maxBytes,
    limit,
    leftovers,
    mirrors: [],
    versions: [],
    answers: [],
  };
  if (result.after > limit) await removeMirrors(result, options);
  if (result.after > limit) {
    const removed = await removePublic(options, result.after - limit);
    Object.assign(result, removed);
    for (const { bytes } of [...removed.versions, ...removed.answers]) result.after -= bytes;
  }
  if (!dryRun) await forgetUses(stores.lastUse, result.versions);
  return result;
}

/** Counts what is removed, of what has to be until enough is free. */
function removals(
  { after, limit }: Collection,
  candidates: readonly { bytes: number }[],
  onProgress: CollectOptions['onProgress'],
): () => void {
  let left = after - limit;
  let total = 0;
  for (const { bytes } of candidates) {
    if (left <= 0) break;
    left -= bytes;
    total += 1;
  }
  let done = 0;
  return () => onProgress?.((done += 1), total);
}

async function removeMirrors(result: Collection, options: CollectOptions): Promise<void> {
  const { stores, dryRun } = options;
  const mirrors = await findMirrors([stores.layout.mirrors, stores.layout.directMirrors]);
  mirrors.sort((a, b) => a.lastUsed - b.lastUsed);
  const onDone = removals(result, mirrors, options.onProgress);
  for (const mirror of mirrors) {
    if (result.after <= result.limit) return;
    onDone();
    if (dryRun !== true && !(await removeMirror(mirror.dir))) continue;
    result.mirrors.push(mirror);
    result.after -= mirror.bytes;
  }
}
