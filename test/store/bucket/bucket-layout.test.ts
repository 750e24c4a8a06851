import { expect, it } from 'vitest';
import { BUCKET_FOLDERS, OWN_FOLDER } from '../../../src/store/bucket/bucket-layout.js';

it('keeps everything that no GOPROXY serves below one folder, each thing in its own', () => {
  const { checksums, ...own } = BUCKET_FOLDERS;
  expect(checksums).toBe('sumdb/');
  const folders = Object.values(own);
  expect(new Set(folders).size).toBe(folders.length);
  for (const folder of folders) expect(folder.startsWith(OWN_FOLDER) && folder.endsWith('/')).toBe(true);
});
