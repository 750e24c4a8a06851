import { expect, it } from 'vitest';
import { DiskWatch } from '../../../src/fs/disk-watch.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { AnsweringBlobs } from '../../../src/store/disk/answering-blobs.js';
import { AnsweringStore } from '../../../src/store/disk/answering-store.js';
import type { BlobStore } from '../../../src/store/blob-store.js';
import type { Part, VersionStore } from '../../../src/store/version-store.js';

const never = () => new Promise<never>(() => undefined);
const neverEach = { [Symbol.asyncIterator]: () => ({ next: never }) };
const TIMES = { tick: 5, suspect: 10, hangs: 30, rest: 10, fresh: 20 };
const MODULE = parseModulePath('corp.test/m');
const PART: Part = { module: MODULE, version: 'v1.0.0', kind: 'zip' };

const hung = () => new DiskWatch('/cache', undefined, TIMES, { touch: never, write: never });

async function first(items: AsyncIterable<unknown> | undefined): Promise<unknown> {
  for await (const item of items ?? []) return item;
  return undefined;
}

const store = new AnsweringStore(
  {
    size: never,
    read: never,
    versions: never,
    put: never,
    putFile: never,
    probe: never,
    modules: () => neverEach,
    positions: { open: never },
    listing: { scan: () => neverEach },
  } as unknown as VersionStore,
  hung(),
);
it('gives up what it reads of a part that is open', async () => {
  const open = new AnsweringStore(
    {
      positions: { open: () => Promise.resolve({ size: 9, read: never, close: () => undefined }) },
    } as unknown as VersionStore,
    hung(),
  );
  const part = await open.positions?.open(PART);
  const failure = await new Promise((resolve) => part?.read(Buffer.alloc(1), 1, 0, resolve));
  expect(failure).toMatchObject({ code: 'STORAGE' });
});

const blobs = new AnsweringBlobs(
  { get: never, putIfAbsent: never, replace: never, remove: never } as unknown as BlobStore,
  hung(),
);

it.each<[string, () => Promise<unknown> | undefined]>([
  ['size', () => store.size(PART)],
  ['read', () => store.read(PART)],
  ['versions', () => store.versions(MODULE, 'info')],
  ['modules', () => first(store.modules())],
  ['positions', () => store.positions?.open(PART)],
  ['listing', () => first(store.listing?.scan(() => undefined))],
  ['put', () => store.put(PART, Buffer.alloc(0))],
  ['putFile', () => store.putFile(PART, '/x')],
  ['probe', () => store.probe()],
  ['get of a blob', () => blobs.get('x')],
  ['putIfAbsent of a blob', () => blobs.putIfAbsent('x', Buffer.alloc(0))],
  ['replace of a blob', () => blobs.replace('x', Buffer.alloc(0))],
  ['remove of a blob', () => blobs.remove('x')],
])('%s on a disk that hangs fails in words', async (_name, ask) => {
  await expect(ask()).rejects.toMatchObject({
    code: 'STORAGE',
    reason: expect.stringContaining('answer') as string,
  });
});
