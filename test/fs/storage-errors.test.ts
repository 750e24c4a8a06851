import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { orStorageError, storageError } from '../../src/fs/storage-errors.js';

it('says which folder, why, and where the admin looks', async () => {
  const failing = orStorageError(readFile('/nowhere/at-all'), { name: 'the shelf', place: 'shelf.dir' });
  await expect(failing).rejects.toMatchObject({
    code: 'STORAGE',
    message: 'the shelf has a problem',
    reason: expect.stringContaining('ENOENT') as string,
    remedy: 'check free space and rights of shelf.dir on the modhaven server',
    remedyBy: 'admin',
  });
});

it('is about the cache directory where nothing else is said', () => {
  expect(storageError('why', undefined).message).toBe('the cache directory of modhaven has a problem');
});

it('leaves results and errors that have words as they are', async () => {
  expect(await orStorageError(Promise.resolve(1))).toBe(1);
  const known = new ModhavenError('VERSION_NOT_FOUND', 'none');
  await expect(orStorageError(Promise.reject(known))).rejects.toBe(known);
});
