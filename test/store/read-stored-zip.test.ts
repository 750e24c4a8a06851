import { expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { readStoredZip } from '../../src/store/read-stored-zip.js';
import { putBytes } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion } from '../support/stores/versions.js';

const V1 = { module: parseModulePath('example.com/m'), version: 'v1.0.0' as const };

it('reads the files of a stored zip and their hash', async () => {
  const store = createDiskStore(await tempDir('store'));
  const { zip, hash } = await makeVersion('example.com/m', 'v1.0.0');
  await putBytes(store, { ...V1, kind: 'zip' }, zip);
  const content = await readStoredZip(store, V1);
  expect(content.hash).toBe(hash);
  expect(content.files.map(({ name }) => name)).toEqual([
    'example.com/m@v1.0.0/go.mod',
    'example.com/m@v1.0.0/a.go',
  ]);
});

it('throws where the zip is cut off, and where there is none', async () => {
  const store = createDiskStore(await tempDir('store'));
  await expect(readStoredZip(store, V1)).rejects.toThrow(Error);
  const { zip } = await makeVersion('example.com/m', 'v1.0.0');
  await putBytes(store, { ...V1, kind: 'zip' }, zip.subarray(0, -10));
  await expect(readStoredZip(store, V1)).rejects.toThrow(Error);
});
