import { chmod, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readTimestamped, writeTimestamped } from '../../src/fs/timestamped-file.js';
import { tempDir } from '../support/tmp.js';

it('reads what was written, with its time, and the newest of two', async () => {
  const file = path.join(await tempDir('stamped'), 'deep/er/file');
  for (const [text, askedAt] of [
    ['old', 1_600_000_000_000],
    ['', 1_700_000_000_000],
  ] as const) {
    await writeTimestamped(file, { bytes: Buffer.from(text), askedAt });
    expect(await readTimestamped(file)).toEqual({ bytes: Buffer.from(text), askedAt });
  }
  expect(await readdir(path.dirname(file))).toEqual(['file']);
});

it('is undefined for what is not there or cannot be read, which is asked for again', async () => {
  const dir = await tempDir('stamped');
  await mkdir(path.join(dir, 'folder'));
  await chmod(path.join(dir, 'folder'), 0o700);
  expect(await readTimestamped(path.join(dir, 'none'))).toBeUndefined();
  expect(await readTimestamped(path.join(dir, 'folder'))).toBeUndefined();
});
