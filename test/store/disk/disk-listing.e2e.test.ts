import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseModulePath, type ModulePath } from '../../../src/module/module-path.js';
import { scanTree } from '../../../src/store/disk/disk-listing.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { putBytes, type ListedModule } from '../../../src/store/version-store.js';
import { tempDir } from '../../support/tmp.js';

async function scan(
  dir: string,
  known: ReadonlyMap<ModulePath, string> = new Map(),
): Promise<ListedModule[]> {
  const found: ListedModule[] = [];
  for await (const listed of scanTree(dir, (module) => known.get(module))) found.push(listed);
  return found;
}

const states = (listed: readonly ListedModule[]): Map<ModulePath, string> =>
  new Map(listed.flatMap(({ module, state }) => (state === undefined ? [] : [[module, state] as const])));

it('reads only the folders that have changed', async () => {
  const dir = await tempDir('listing');
  const store = createDiskStore(dir);
  const modules = Array.from({ length: 40 }, (_, i) => parseModulePath(`example.com/m${i}`));
  for (const module of modules) {
    await putBytes(store, { module, version: 'v1.0.0', kind: 'info' }, Buffer.from('{}'));
    // A folder that rests; one that has just changed may change again without showing it.
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path.join(dir, module, '@v'), longAgo, longAgo);
  }
  const first = await scan(dir);
  expect(first.map(({ module }) => module).sort()).toEqual([...modules].sort());
  expect(first.every(({ state, versions }) => state !== undefined && versions?.length === 1)).toBe(true);

  const changed = parseModulePath('example.com/m7');
  await putBytes(store, { module: changed, version: 'v1.1.0', kind: 'mod' }, Buffer.from('module m7'));
  const second = await scan(dir, states(first));
  expect(second).toHaveLength(40);
  expect(second.filter(({ versions }) => versions !== undefined).map(({ module }) => module)).toEqual([
    changed,
  ]);
  // It changed just now, so the next scan has to look again.
  expect(second.find(({ module }) => module === changed)?.state).toBeUndefined();
});

it('gives the time of the earliest part, of the zip only where nothing else is there', async () => {
  const dir = await tempDir('listing');
  const store = createDiskStore(dir);
  const module = parseModulePath('example.com/m');
  const times = { info: 3_000, mod: 2_000, zip: 1_000 } as const;
  for (const kind of ['info', 'mod', 'zip'] as const) {
    await putBytes(store, { module, version: 'v1.0.0', kind }, Buffer.from('x'));
    const time = new Date(times[kind] * 1000);
    await utimes(path.join(dir, module, '@v', `v1.0.0.${kind}`), time, time);
  }
  await store.putFile(
    { module, version: 'v2.0.0+incompatible', kind: 'zip' },
    path.join(dir, module, '@v', 'v1.0.0.zip'),
  );
  const [listed] = await scan(dir);
  const storedAt = new Map(listed?.versions?.map((entry) => [entry.version, entry.storedAt]));
  expect(storedAt.get('v1.0.0')).toBe(2_000_000);
  expect(storedAt.get('v2.0.0+incompatible')).toBe(1_000_000); // a hard link of the zip above
});
