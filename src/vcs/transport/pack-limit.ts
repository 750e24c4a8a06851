/** How much a host may send at once: a disk is finite, and a host that is broken or hostile can send without end. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';

const MIB = 1024 * 1024;

/** Bytes of a pack with one commit, unless the settings say otherwise: a module holds 500 MiB at most, unpacked. */
const PACK_LIMIT = 512 * MIB;

/** Bytes of a pack with one commit, and of one with all branches and tags, whose history may be larger. */
export function packLimits({ packLimit = PACK_LIMIT }: { packLimit?: number | undefined }): {
  commit: number;
  everything: number;
} {
  return { commit: packLimit, everything: Math.max(2048 * MIB, packLimit) };
}

/** How often the growing files of git are looked at, in milliseconds. */
const POLL_MS = 250;

/** The error for a pack that was larger than `limit`. */
export function packTooLarge(remote: RepoUrl, limit: number): ModhavenError {
  return new ModhavenError('HOST_REFUSED', `cannot read ${remote.url}`, {
    reason: `the git host sent more than ${Math.floor(limit / MIB)} MiB at once`,
    remedy:
      'look for large files in the repository, or at what answers in its place; vcs.max_pack_size in modhaven.yaml raises the limit',
    remedyBy: 'admin',
  });
}

/**
 * Runs `fetch`, a command of git that receives a pack into the repository in `dir`, and aborts it once the pack is larger
 * than `limit`: git has no such option for what it fetches. Only inside of the `write` of the repository.
 */
export async function withPackLimit<T>(
  { dir, remote, limit }: { dir: string; remote: RepoUrl; limit: number },
  fetch: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    if ((await receivedBytes(dir)) > limit) stop.abort();
    isLooking = false;
  };
  const timer = setInterval(() => void look(), POLL_MS);
  try {
    return await fetch(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? packTooLarge(remote, limit) : error;
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of the packs that are not complete yet. */
async function receivedBytes(dir: string): Promise<number> {
  const packs = join(dir, 'objects', 'pack');
  const names = await readdir(packs).catch(() => []);
  const sizes = names
    .filter((name) => name.startsWith('tmp_pack_'))
    .map(async (name) => (await stat(join(packs, name)).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
