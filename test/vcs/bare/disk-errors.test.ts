import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { asStorageError, ownLines } from '../../../src/vcs/bare/disk-errors.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

describe('asStorageError', () => {
  it.each([
    'fatal: write error: No space left on device',
    'error: file write error: Disk quota exceeded',
    'fatal: cannot mkdir /cache/vcs: Permission denied',
    "error: cannot lock ref 'refs/x': Unable to create '/cache/x.lock': Permission denied",
    "fatal: Unable to create '/cache/shallow.lock': Read-only file system",
    'error: insufficient permission for adding an object to repository database objects',
    'fatal: pread: Input/output error',
  ])('takes %j of git for a failure of our disk', (line) => {
    const failure = new GitFailure('fetch', 128, `remote: counting\n${line}\n`);
    expect(asStorageError(failure)).toMatchObject({ code: 'STORAGE', reason: line, cause: failure });
  });

  it.each([
    'remote: fatal: write error: No space left on device',
    'Load key "/home/a/.ssh/id": Permission denied',
    'git@host: Permission denied (publickey).',
    'fatal: early EOF',
  ])('leaves %j, which is not about our disk, as it is', (line) => {
    const failure = new GitFailure('fetch', 128, line);
    expect(asStorageError(failure)).toBe(failure);
  });

  it('takes errors of the system for failures of our disk', () => {
    const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
    expect(asStorageError(full)).toMatchObject({
      code: 'STORAGE',
      reason: 'the disk is full (ENOSPC: write)',
    });
  });

  it('says of a lock that another process holds that it is busy', () => {
    const locked = Object.assign(new Error('Lock file is already being held'), { code: 'ELOCKED' });
    expect(asStorageError(locked)).toMatchObject({ code: 'OVERLOADED', cause: locked });
  });

  it.each([new ModhavenError('HOST_TIMEOUT', 'x'), new TypeError('a fault'), 'text', undefined])(
    'leaves %s as it is',
    (error) => {
      expect(asStorageError(error)).toBe(error);
    },
  );
});

it('repeats no credential that git printed', () => {
  const line = "fatal: cannot open 'https://ci:s3cret@git.corp.test/x': No space left on device";
  expect(JSON.stringify(asStorageError(new GitFailure('fetch', 128, line)))).not.toContain('s3cret');
});

it('keeps the lines that git wrote itself', () => {
  expect(ownLines('a\nremote: b\nc')).toEqual(['a', 'c']);
});
