import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { sha256Of, writeFileThrough } from '../../../src/store/bucket/draft-files.js';
import { tempDir } from '../../support/tmp.js';

let file: string;
beforeEach(async () => {
  file = path.join(await tempDir('draft'), 'zip');
});

it('writes a new file, and hashes it', async () => {
  await writeFileThrough(file, (sink) => Promise.resolve(void sink.write('PK')));
  expect(await readFile(file, 'utf8')).toBe('PK');
  expect(await sha256Of(file)).toEqual(createHash('sha256').update('PK').digest());
});

it('throws what the writer throws, and STORAGE for what the disk does', async () => {
  await expect(writeFileThrough(file, () => Promise.reject(new Error('the host broke off')))).rejects.toThrow(
    'the host broke off',
  );
  await writeFile(file, 'another');
  await expect(writeFileThrough(file, () => Promise.resolve())).rejects.toMatchObject({ code: 'STORAGE' });
  expect(await readFile(file, 'utf8')).toBe('another');
  await expect(sha256Of(`${file}.missing`)).rejects.toMatchObject({ code: 'STORAGE' });
});
