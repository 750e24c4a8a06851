import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readText } from '../../src/fs/read-text.js';
import { tempDir } from '../support/tmp.js';

it('gives the text of a file, and says why there is none and what to do', async () => {
  const file = path.join(await tempDir('read-text'), 'key.pem');
  expect(() => readText(file, 'correct tls:')).toThrow(
    expect.objectContaining({
      code: 'CONFIG',
      message: `cannot read ${file}`,
      reason: expect.stringContaining('no such file') as string,
      remedy: 'correct tls:',
    }),
  );
  await writeFile(file, 'a key\n');
  expect(readText(file, 'correct tls:')).toBe('a key\n');
});
