import { expect, it } from 'vitest';
import { FirstFetches, forgetFetches, type Fetcher } from '../../src/catalog/first-fetches.js';
import type { ModulePath } from '../../src/module/module-path.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';

const module = 'corp.test/Kit' as ModulePath;
const ann: Fetcher = { kind: 'user', name: 'ann' };
const job: Fetcher = { kind: 'user', name: 'project_path:a/b c:ref:main\n%' };
const address: Fetcher = { kind: 'address', name: '2001:db8::7' };

function open(blobs = createMemoryBlobStore()) {
  const errors: unknown[] = [];
  return { blobs, errors, fetches: new FirstFetches({ blobs, onError: (error) => errors.push(error) }) };
}

async function namesIn(fetches: FirstFetches): Promise<Record<string, Fetcher>> {
  return Object.fromEntries([...(await fetches.of(module))].map(([version, { by }]) => [version, by]));
}

it('keeps who asked first, before and after it was written', async () => {
  const { fetches, blobs } = open();
  fetches.note({ module, version: 'v1.0.0' }, ann);
  fetches.note({ module, version: 'v1.0.0' }, address);
  fetches.note({ module, version: 'v1.1.0' }, { kind: 'server' });
  fetches.note({ module, version: 'v1.2.0' }, job);
  const all = { 'v1.0.0': ann, 'v1.1.0': { kind: 'server' }, 'v1.2.0': job };
  expect(await namesIn(fetches)).toEqual(all);
  await fetches.flush();
  expect(await namesIn(open(blobs).fetches)).toEqual(all);
  expect((await fetches.of(module)).get('v1.0.0')?.at).toBeCloseTo(Date.now(), -5);
});

it('agrees with another replica: the first that wrote a version counts', async () => {
  const { fetches, blobs } = open();
  const other = open(blobs).fetches;
  fetches.note({ module, version: 'v1.0.0' }, ann);
  other.note({ module, version: 'v1.0.0' }, address);
  other.note({ module, version: 'v1.1.0' }, address);
  await Promise.all([fetches.flush(), other.flush()]);
  expect(await namesIn(fetches)).toEqual({ 'v1.0.0': ann, 'v1.1.0': address });
});

it('reads past lines that it does not know, and says what cannot be written', async () => {
  const { fetches, blobs } = open();
  await blobs.putIfAbsent('corp.test/!kit/@fetched', Buffer.from('v1.0.0 yesterday user ann\nx\n'));
  expect(await namesIn(fetches)).toEqual({});
  const errors: unknown[] = [];
  const full = new FirstFetches({
    blobs: { ...blobs, get: () => Promise.reject(new Error('full')) },
    onError: (error) => errors.push(error),
  });
  full.note({ module, version: 'v1.0.0' }, ann);
  await full.flush();
  expect(errors).toEqual([new Error('full')]);
});

it('forgets versions that are removed, and the blob with the last of them', async () => {
  const { fetches, blobs } = open();
  for (const version of ['v1.0.0', 'v1.1.0'] as const) fetches.note({ module, version }, ann);
  await fetches.flush();
  await forgetFetches(blobs, module, new Set(['v1.0.0', 'v1.0.1']));
  expect(await namesIn(open(blobs).fetches)).toEqual({ 'v1.1.0': ann });
  await forgetFetches(blobs, module, new Set(['v1.1.0']));
  await forgetFetches(blobs, module, new Set(['v1.1.0']));
  expect(await blobs.get('corp.test/!kit/@fetched')).toBeUndefined();
});
