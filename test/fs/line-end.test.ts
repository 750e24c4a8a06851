import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endsInLine } from '../../src/fs/line-end.js';
import { tempDir } from '../support/tmp.js';

it('tells a torn line from a whole one, and from a file that has none or cannot be read', async () => {
  const dir = await tempDir('line-end');
  const file = join(dir, 'lines');
  expect(await endsInLine(file)).toBe(true);
  expect(await endsInLine(dir)).toBe(true);
  for (const [text, isWhole] of [
    ['', true],
    ['one\n', true],
    ['one\ntw', false],
    ['o', false],
    ['\n', true],
  ] as const) {
    await writeFile(file, text);
    expect([text, await endsInLine(file)]).toEqual([text, isWhole]);
  }
});
