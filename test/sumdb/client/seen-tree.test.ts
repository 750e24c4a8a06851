import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { seenTreeFile } from '../../../src/sumdb/client/seen-tree.js';
import { tempDir } from '../../support/tmp.js';

let dir: string;
beforeEach(async () => {
  dir = await tempDir('seen');
});

describe('seenTreeFile', () => {
  it('knows no tree at first, then the last one, byte for byte', async () => {
    const file = join(dir, 'sum.ex.test/latest');
    const seen = seenTreeFile(file);
    expect(await seen.read()).toBeUndefined();
    await seen.write(Buffer.from('one\n'));
    await seen.write(Buffer.from([0xff, 0x00]));
    expect(await seen.read()).toEqual(Buffer.from([0xff, 0x00]));
    expect(await readFile(file)).toEqual(Buffer.from([0xff, 0x00]));
    expect(await seenTreeFile(file).read()).toEqual(Buffer.from([0xff, 0x00]));
  });

  const storage = (file: string, reason: string) => ({
    code: 'STORAGE',
    message: `${file} has a problem: the newest signed tree is kept there`,
    reason: expect.stringContaining(reason) as string,
    remedy: 'check free space and rights of cache.dir on the modhaven server',
  });

  it('does not take a file that cannot be read for none: an older tree would pass', async () => {
    const file = join(dir, 'latest');
    await mkdir(file);
    await expect(seenTreeFile(file).read()).rejects.toMatchObject(storage(file, 'not a regular file'));
  });

  it('says where it cannot write', async () => {
    await writeFile(join(dir, 'name'), '');
    const file = join(dir, 'name/latest');
    await expect(seenTreeFile(file).write(Buffer.from('x'))).rejects.toMatchObject(storage(file, ''));
  });
});
