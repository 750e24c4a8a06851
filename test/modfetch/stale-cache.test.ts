import { beforeEach, describe, expect, it } from 'vitest';
import { createStaleCache } from '../../src/modfetch/stale-cache.js';
import type { BlobStore } from '../../src/store/blob-store.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';

const LIST = 'ex.test/m/@v/list';
const answer = (text: string, asOf = 1_000) => ({ bytes: Buffer.from(text), asOf });

let blobs: BlobStore;
let warned: string[];
const log = { warn: (_: object, message: string) => void warned.push(message) };
const open = (over: Partial<BlobStore> = {}) => createStaleCache({ blobs: { ...blobs, ...over }, log });

beforeEach(() => {
  blobs = createMemoryBlobStore();
  warned = [];
});

describe('the last known answer', () => {
  it('outlives a restart, with its time', async () => {
    await open().set(LIST, answer('v1.0.0\n'));
    expect(await open().get(LIST)).toEqual(answer('v1.0.0\n'));
    expect(await open().get('ex.test/other/@v/list')).toBeUndefined();
  });

  it('is forgotten when its origin says that it is gone', async () => {
    const cache = open();
    await cache.set(LIST, answer('v1.0.0\n'));
    await cache.forget(LIST);
    expect([await cache.get(LIST), await open().get(LIST)]).toEqual([undefined, undefined]);
  });

  it('is written once for each answer', async () => {
    let writes = 0;
    const cache = open({
      replace: (...args) => {
        writes += 1;
        return blobs.replace(...args);
      },
    });
    for (const text of ['a', 'a', 'b']) await cache.set(LIST, answer(text));
    expect(writes).toBe(2);
    await cache.set(LIST, answer('b', 2_000));
    expect(writes).toBe(3);
  });

  it.each([
    ['ex.test/m/@v/0123abc.info', false],
    [`ex.test/m/@v/${'a'.repeat(40)}.info`, false],
    ['ex.test/m/@v/v1.0.0+x.info', false],
    ['ex.test/m/@v/main.info', true],
    ['ex.test/m/@latest', true],
  ])('of %s is kept on disk: %s', async (path, isKept) => {
    const cache = open();
    await cache.set(path, answer('x'));
    expect(await cache.get(path)).toEqual(answer('x'));
    expect((await blobs.get(path)) !== undefined).toBe(isKept);
  });

  it('costs a line in the log where the disk fails, and is known all the same', async () => {
    const fails = () => Promise.reject(new Error('the disk is full'));
    const cache = open({ get: fails, replace: fails, remove: fails });
    expect(await cache.get(LIST)).toBeUndefined();
    await cache.set(LIST, answer('a'));
    expect(await cache.get(LIST)).toEqual(answer('a'));
    await cache.forget(LIST);
    expect(warned).toHaveLength(3);
  });
});
