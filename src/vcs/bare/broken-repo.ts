/** Whether a failure says that a repository of ours is broken, and what to do about it then. */
import { isModhavenError } from '../../errors.js';
import { redactLine } from '../../redact.js';
import { GitFailure } from '../transport/git-exec.js';
import type { BareRepo } from './bare-repo.js';
import { storageError } from '../../fs/storage-errors.js';
import { asStorageError, ownLines } from './disk-errors.js';

/**
 * Runs `work` on `repo`, which may turn out broken or gone: then once more, after `repo` was removed. Throws STORAGE where
 * our own disk is at fault.
 */
export async function retryOnCorrupt<T>(repo: BareRepo, work: () => Promise<T>): Promise<T> {
  const identity = repo.identity();
  try {
    return await work();
  } catch (error) {
    if (!isBroken(error, repo.dir)) throw asStorageError(error);
  }
  try {
    await repo.discard(identity);
    return await work();
  } catch (error) {
    const again = error instanceof GitFailure && isBroken(error, repo.dir);
    throw again ? storageError(redactLine(error.stderr), error) : asStorageError(error);
  }
}

/**
 * Whether a failure says that the repository in `dir` is broken or half-made, so that a new one would help. What the
 * host or ssh say of their own files is not about it.
 */
export function isBroken(error: unknown, dir: string): boolean {
  const failure = isModhavenError(error) ? error.cause : error;
  if (!(failure instanceof GitFailure) || failure.timedOut) return false;
  const hostMaySay = HOST_ENDED.test(failure.stderr) ? OF_EITHER : undefined;
  return ownLines(failure.stderr).some(
    (line) =>
      (BROKEN_OBJECTS.test(line) && (line.includes(dir) || hostMaySay?.test(line) !== true)) ||
      (line.includes(dir) && BROKEN_FILES.test(line)),
  );
}

/** The other side went away first. Over ssh its last words come without a prefix, and are about its own objects. */
const HOST_ENDED = /Could not read from remote repository|aborting due to possible repository corruption/;
const OF_EITHER =
  /bad object|missing (?:object|blob)|unable to read|[Cc]ould not read [0-9a-f]{40}|is corrupt/;

const BROKEN_OBJECTS =
  /is corrupt|object file .* is empty|bad object|missing object|missing blob|unable to read (?:tree|sha1|[0-9a-f]{40})|[Cc]ould not read [0-9a-f]{40}|does not match index|invalid object [0-9]+ [0-9a-f]{40}|cannot read '[0-9a-f]{40}|not a tree object|inflate: data stream error|mismatched algorithms|reference broken|unable to resolve reference|unexpected line in|unterminated line in|did not send all necessary objects|invalid index-pack/;
const BROKEN_FILES =
  /not a git repository|\.lock': File exists|No such file or directory|is too small|not a GIT packfile|bad config|pack-[0-9a-f]+\.(?:pack|idx)/;
