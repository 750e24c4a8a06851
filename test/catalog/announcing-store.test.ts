import { expect, it } from 'vitest';
import { AnnouncingStore } from '../../src/catalog/announcing-store.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { putBytes } from '../../src/store/version-store.js';

const version = { module: parseModulePath('example.com/m'), version: 'v1.0.0' as const };

it('tells of what was stored, and of nothing that was not', async () => {
  const told: string[] = [];
  const store = new AnnouncingStore(createMemoryStore(), (stored) =>
    told.push(`${stored.module}@${stored.version}`),
  );
  await putBytes(store, { ...version, kind: 'ziphash' }, Buffer.from('h1:'));
  expect(told).toEqual([]); // a hash without its zip is nothing yet
  await putBytes(store, { ...version, kind: 'mod' }, Buffer.from('module m'));
  expect(told).toEqual(['example.com/m@v1.0.0']);
  const failed = store.put({ ...version, kind: 'info' }, () => Promise.reject(new Error('broken off')));
  await expect(failed).rejects.toThrow('broken off');
  expect(told).toHaveLength(1);
});
