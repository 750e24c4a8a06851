import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { writeTimestamped } from '../../src/fs/timestamped-file.js';
import { tempDir } from '../support/tmp.js';

it('writes a file with its time, and the newest of two', async () => {
  const file = path.join(await tempDir('stamped'), 'deep/er/file');
  for (const [text, askedAt] of [
    ['old', 1_600_000_000_000],
    ['', 1_700_000_000_000],
  ] as const) {
    await writeTimestamped(file, { bytes: Buffer.from(text), askedAt });
    expect([await readFile(file, 'utf8'), (await stat(file)).mtimeMs]).toEqual([text, askedAt]);
  }
  expect(await readdir(path.dirname(file))).toEqual(['file']);
});

it('fails where it cannot write', async () => {
  await expect(
    writeTimestamped('/dev/null/file', { bytes: Buffer.from(''), askedAt: 0 }),
  ).rejects.toMatchObject({ code: 'ENOTDIR' });
});
