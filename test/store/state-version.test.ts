import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { upgradeLayout, checkStateVersion } from '../../src/store/state-version.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
const write = (text: string) => writeFile(path.join(dir, 'version'), text);
const read = () => readFile(path.join(dir, 'version'), 'utf8');

beforeEach(async () => {
  dir = await tempDir('state');
});

it('takes a directory without a number for the first layout, and writes that down', async () => {
  await expect(checkStateVersion(dir)).resolves.toBe(1);
  await upgradeLayout(dir);
  expect(await read()).toBe('1\n');
  await upgradeLayout(dir);
  expect(await read()).toBe('1\n');
});

it('refuses a later layout in words, and changes nothing', async () => {
  await write('2\n');
  await expect(upgradeLayout(dir)).rejects.toMatchObject({
    code: 'CONFIG',
    reason: 'its layout is 2, and this program knows up to 1',
  });
  expect(await read()).toBe('2\n');
});

it.each(['', 'one\n', '0\n', '1.5\n'])('refuses %j, which is not a number of a layout', async (text) => {
  await write(text);
  await expect(checkStateVersion(dir)).rejects.toMatchObject({ code: 'CONFIG' });
});

describe('migrations', () => {
  it('run in order from where the directory is', async () => {
    const done: string[] = [];
    const steps = ['a', 'b', 'c'].map((name) => async () => {
      done.push(name);
      return Promise.resolve();
    });
    await write('2\n');
    await upgradeLayout(dir, steps);
    expect(done).toEqual(['b', 'c']);
    expect(await read()).toBe('4\n');
  });

  it('begin again with the one that was broken off', async () => {
    const done: string[] = [];
    let isBroken = true;
    const steps = [
      () => Promise.resolve(void done.push('a')),
      () => (isBroken ? Promise.reject(new Error('full')) : Promise.resolve(void done.push('b'))),
    ];
    await expect(upgradeLayout(dir, steps)).rejects.toThrow('full');
    expect(await read()).toBe('2\n');
    isBroken = false;
    await upgradeLayout(dir, steps);
    expect(done).toEqual(['a', 'b']);
    expect(await read()).toBe('3\n');
  });
});
