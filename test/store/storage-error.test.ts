import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import {
  absentAsUndefined,
  isDiskProblem,
  isSystemError,
  storage,
  storageError,
} from '../../src/store/storage-error.js';
import { tempDir } from '../support/tmp.js';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as node words it, write`), { code, syscall: 'write' });
}

it('tells a problem of the disk from that of a bucket', () => {
  const bucket = new ModhavenError('STORAGE', 'the bucket go cannot be used');
  expect([storageError(new Error('EIO')), bucket, new Error('x')].map(isDiskProblem)).toEqual([
    true,
    false,
    false,
  ]);
});

describe('storageError', () => {
  it('says what to look at, and keeps what the system said', () => {
    const cause = systemError('ENOSPC');
    expect(storageError(cause)).toMatchObject({
      code: 'STORAGE',
      message: 'the cache directory of modhaven has a problem',
      reason: 'the disk is full (ENOSPC: as node words it, write)',
      remedy: 'check free space and rights of cache.dir on the modhaven server',
      cause,
    });
  });
});

describe('storage', () => {
  it('gives what the work gives', async () => {
    expect(await storage(Promise.resolve(7))).toBe(7);
  });

  it('explains failures of the system', async () => {
    await expect(storage(Promise.reject(systemError('EACCES')))).rejects.toMatchObject({
      code: 'STORAGE',
      reason: expect.stringContaining('has no right to do that') as string,
    });
  });

  it('leaves errors that say what they mean as they are', async () => {
    const refused = new ModhavenError('CHECKSUM_MISMATCH', 'refused');
    await expect(storage(Promise.reject(refused))).rejects.toBe(refused);
  });
});

describe('absentAsUndefined', () => {
  it('is undefined for a file and for a folder that are not there', async () => {
    const dir = await tempDir('storage');
    expect(await absentAsUndefined(readFile(path.join(dir, 'no')))).toBeUndefined();
    expect(await absentAsUndefined(readFile(path.join(dir, 'no/such/file')))).toBeUndefined();
  });

  it('throws STORAGE for anything else that keeps a file from being read', async () => {
    const dir = await tempDir('storage');
    await expect(absentAsUndefined(readFile(dir))).rejects.toMatchObject({ code: 'STORAGE' });
  });
});

describe('isSystemError', () => {
  it('tells what the system reported from a stream that a caller destroyed', async () => {
    const failure: unknown = await readFile('/').catch((error: unknown) => error);
    expect(isSystemError(failure)).toBe(true);
    expect(isSystemError(Object.assign(new Error('premature close'), { code: 'ERR_STREAM' }))).toBe(false);
    expect(isSystemError({ syscall: 'read' })).toBe(false);
  });
});
