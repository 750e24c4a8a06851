/** Takes in what a host sends: small packs here, others by `git index-pack`. Either checks every byte. */
import type { Writable } from 'node:stream';
import { diskReady } from '../../fs/disk-watch.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { git } from '../names/git-words.js';
import { PIECEMEAL_OPTIONS } from '../transport/git-environment.js';
import { converse, GitFailure } from '../transport/git-exec.js';
import { NotSmall } from '../objects/small-pack.js';
import { asStorageError } from '../bare/disk-errors.js';
import { FallbackToGit } from './fallback-to-git.js';

/** A pack of at most this size is held in memory, and taken in without git. */
export const SMALL_PACK = 256 * 1024;

/**
 * Adds the pack that `bytes` are to `repo`; `partial` says that some of what it refers to is with the host on purpose.
 * Only inside of its `write`. Throws what `bytes` throws, STORAGE where our disk is at fault, and `FallbackToGit`
 * where git does not take the pack; then nothing was added.
 */
export async function receivePack(
  repo: BareRepo,
  bytes: AsyncGenerator<Buffer, undefined>,
  how: { partial: boolean; signal: AbortSignal },
): Promise<void> {
  const begin: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = await bytes.next();
    if (next.done === true) break;
    begin.push(Buffer.from(next.value)); // a copy: what came with it, were it much, would be held as well
    size += next.value.length;
    if (size > SMALL_PACK) {
      await indexPack(repo, chain(begin, bytes), how);
      return;
    }
  }
  try {
    await repo.addSmallPack(Buffer.concat(begin), how.partial);
  } catch (error) {
    if (!(error instanceof NotSmall)) throw asStorageError(error);
    await indexPack(repo, chain(begin, []), how);
  }
}

async function* chain(
  begin: readonly Buffer[],
  rest: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer, undefined> {
  yield* begin;
  yield* rest;
}

async function indexPack(
  repo: BareRepo,
  bytes: AsyncIterable<Buffer>,
  { partial, signal }: { partial: boolean; signal: AbortSignal },
): Promise<void> {
  // Objects that were left out do not make a repository broken (git-index-pack(1), --promisor).
  const flags = partial ? git`--promisor` : [];
  await diskReady(repo.dir);
  const child = converse({
    args: git`${PIECEMEAL_OPTIONS} index-pack --stdin --fix-thin ${flags}`,
    cwd: repo.dir,
    env: repo.env,
  });
  child.stdout.resume();
  child.stdin.on('error', () => undefined); // git stops reading where a pack ends, or says why it does earlier
  const giveUp = () => child.kill();
  signal.addEventListener('abort', giveUp);
  let failure: unknown;
  child.ended.catch((error: unknown) => {
    failure = error;
  });
  try {
    for await (const piece of bytes) {
      if (failure !== undefined) break;
      if (!child.stdin.write(piece)) await readyFor(child.stdin);
    }
    child.stdin.end();
    await child.ended;
  } catch (error) {
    child.kill();
    if (!(error instanceof GitFailure)) throw error;
    const own = asStorageError(error);
    throw own instanceof GitFailure ? new FallbackToGit(own.stderr) : own;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Until more can be written, or nothing ever. */
function readyFor(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const ready = () => {
      stream.off('drain', ready);
      stream.off('close', ready);
      resolve();
    };
    stream.on('drain', ready);
    stream.on('close', ready);
    if (stream.closed) ready();
  });
}
