/**
 * Failures of our own disk and directory, told apart from those of a git host: the reader of the error has to look at
 * the modhaven server, not at the host.
 */
import { ModhavenError, isModhavenError } from '../../errors.js';
import { diskReason } from '../../fs/disk-words.js';
import { storageError } from '../../fs/storage-errors.js';
import { redactLine } from '../../redact.js';
import { GitFailure } from '../transport/git-exec.js';

/** What git says where it cannot write. Missing rights are recognised by the verb, because ssh complains about keys alike. */
const DISK =
  /No space left on device|Disk quota exceeded|Read-only file system|Input\/output error|insufficient permission for adding|(?:unable to|could not|cannot) (?:create|mkdir|open|write|lock ref)[^\n]*: (?:Permission denied|Operation not permitted|Not a directory)/i;

/** `error` as STORAGE if it came from the file system or from git writing there; anything else as it is. */
export function asStorageError(error: unknown): unknown {
  if (isModhavenError(error)) return error;
  if (error instanceof GitFailure) {
    const line = ownLines(error.stderr).find((text) => DISK.test(text));
    return line === undefined ? error : storageError(redactLine(line), error);
  }
  if (!isSystemError(error)) return error;
  if (error.code === 'ELOCKED') {
    return new ModhavenError(
      'OVERLOADED',
      'another modhaven process has been fetching this repository for minutes',
      {
        remedy: 'try again in a moment',
        cause: error,
      },
    );
  }
  return storageError(diskReason(error), error);
}

/** Lines of standard error that git wrote here, without those passed on from the host. */
export function ownLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => !line.startsWith('remote:'));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
