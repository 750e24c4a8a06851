import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { putBytes } from '../../../src/store/version-store.js';
import { ZipFiles } from '../../../src/web/content/zip-files.js';
import { createMemoryStore } from '../../support/stores/memory-store.js';
import { zipOf } from '../../support/stores/zip-of.js';

const version = { module: parseModulePath('example.com/m'), version: 'v1.0.0' as const };
const PREFIX = 'example.com/m@v1.0.0/';

it('names files as they lie in the module, and reads no others', async () => {
  const store = createMemoryStore();
  const zips = new ZipFiles(store);
  expect(await zips.list(version)).toBeUndefined();
  expect(await zips.read(version, 'go.mod', 100)).toBeUndefined();
  const zip = await zipOf({
    [`${PREFIX}go.mod`]: 'module m',
    [`${PREFIX}a/b.go`]: 'package b',
    'other@v1/x': 'x',
  });
  await putBytes(store, { ...version, kind: 'zip' }, zip);
  expect((await zips.list(version))?.files.map(({ name }) => name)).toEqual(['a/b.go', 'go.mod']);
  expect(String(await zips.read(version, 'a/b.go', 100))).toBe('package b');
  expect(await zips.read(version, '../other@v1/x', 100)).toBeUndefined();
  expect(await zips.read(version, 'a/b.go', 3)).toBe('too large');
});

it('lists a version once', async () => {
  const store = createMemoryStore();
  await putBytes(store, { ...version, kind: 'zip' }, await zipOf({ [`${PREFIX}go.mod`]: 'module m' }));
  let opened = 0;
  const zips = new ZipFiles({
    size: (part) => store.size(part),
    open: (part, range) => {
      opened += 1;
      return store.open(part, range);
    },
  });
  await zips.list(version);
  const after = opened;
  await zips.list(version);
  expect(opened).toBe(after);
});
