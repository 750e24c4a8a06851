import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sha256Of } from '../../../src/store/bucket/draft-files.js';
import { tempDir } from '../../support/tmp.js';

it('hashes a file, and throws STORAGE for what the disk does', async () => {
  const file = path.join(await tempDir('draft'), 'zip');
  await writeFile(file, 'PK');
  expect(await sha256Of(file)).toEqual(createHash('sha256').update('PK').digest());
  await expect(sha256Of(`${file}.missing`)).rejects.toMatchObject({ code: 'STORAGE' });
});
