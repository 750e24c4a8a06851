import { readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LastUse } from '../../src/store/last-use.js';
import { tempDir } from '../support/tmp.js';

let file: string;
beforeEach(async () => {
  file = join(await tempDir('usage'), 'cache', 'usage');
});

describe('LastUse', () => {
  it('knows to the second, in this process at once, in others after a flush', async () => {
    const [one, other] = [new LastUse(file), new LastUse(file)];
    const before = Math.floor(Date.now() / 1000) * 1000;
    one.note('corp.test/lib', 'v1.0.0');
    expect((await one.all()).get('corp.test/lib@v1.0.0')).toBeGreaterThanOrEqual(before);
    expect((await other.all()).size).toBe(0);
    await one.flush();
    const seen = (await other.all()).get('corp.test/lib@v1.0.0');
    expect(seen).toBe((await one.all()).get('corp.test/lib@v1.0.0'));
    expect((seen ?? 0) % 1000).toBe(0);
  });

  it('takes the newest of what processes wrote, and passes over what is not a line of it', async () => {
    const uses = new LastUse(file);
    uses.note('corp.test/lib', 'v1.0.0');
    await uses.flush();
    const now = (await uses.all()).get('corp.test/lib@v1.0.0') ?? 0;
    await writeFile(
      file,
      `5 corp.test/lib@v1.0.0\n7 corp.test/b@v1.0.0\n6 corp.test/b@v1.0.0\n\0\0\nx y\n12`,
      { flag: 'a' },
    );
    expect(await uses.all()).toEqual(
      new Map([
        ['corp.test/lib@v1.0.0', now],
        ['corp.test/b@v1.0.0', 7000],
      ]),
    );
  });

  it('is made short, and loses nothing of what others note meanwhile', async () => {
    const uses = new LastUse(file);
    for (let i = 0; i < 20; i += 1) {
      uses.note('corp.test/lib', 'v1.0.0');
      uses.note('corp.test/gone', 'v1.0.0');
      await uses.flush();
    }
    const other = new LastUse(file);
    other.note('corp.test/other', 'v1.0.0');
    await Promise.all([uses.compact((key) => !key.includes('gone')), other.flush()]);
    expect([...(await uses.all()).keys()].sort()).toEqual(['corp.test/lib@v1.0.0', 'corp.test/other@v1.0.0']);
    expect((await readFile(file, 'utf8')).split('\n').length).toBeLessThan(5);
    expect(await readdir(dirname(file))).toEqual(['usage']);
  });

  it('says that its file is long, once, until it has grown again', async () => {
    const uses = new LastUse(file);
    expect(await uses.isLong()).toBe(false);
    uses.note('corp.test/lib', 'v1.0.0');
    await uses.flush();
    const line = `5 corp.test/lib@v1.0.0\n`;
    await writeFile(file, line.repeat(50_000), { flag: 'a' });
    expect(await uses.isLong()).toBe(true);
    await uses.compact(() => true);
    expect(await uses.isLong()).toBe(false);
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(2);
  });
});
