import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { processTag } from '../../src/fs/process-tag.js';
import { findLeftovers, removeLeftovers } from '../../src/gc/leftovers.js';
import { tempDir } from '../support/tmp.js';

const HOUR = 60 * 60_000;
/** The tag of this process, of one that is dead, and of one on another machine. */
const ALIVE = processTag();
const DEAD = ALIVE.replace(/^\d+/, '4194304999');
const ELSEWHERE = ALIVE.replace(/-[0-9a-f]{8}$/, '-00000000');

let dir: string;
beforeEach(async () => {
  dir = await tempDir('leftovers');
});

async function file(name: string, ageMs = 0): Promise<string> {
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'x'.repeat(10));
  const time = new Date(Date.now() - ageMs);
  for (let at = path; at !== dir; at = dirname(at)) await utimes(at, time, time);
  return path;
}

const found = async () => (await findLeftovers(dir)).map(({ path }) => relative(dir, path)).toSorted();

describe('findLeftovers', () => {
  it.each(['.tmp-TAG-0a', 'upstream-TAG-x', 'a.zip.discarded-TAG'])(
    'finds %s of a dead process, however new',
    async (name) => {
      await file(`download/m/@v/${name.replace('TAG', DEAD)}`);
      await file(`download/m/@v/${name.replace('TAG', ALIVE)}`, 9 * HOUR);
      expect(await found()).toEqual([`download/m/@v/${name.replace('TAG', DEAD)}`]);
    },
  );

  it('takes what belongs to a process elsewhere for left when it did not change for an hour', async () => {
    await file(`.tmp-${ELSEWHERE}-new`, 0.9 * HOUR);
    await file(`.tmp-${ELSEWHERE}-old`, 1.1 * HOUR);
    await file('.tmp-without-a-tag', 1.1 * HOUR);
    expect(await found()).toEqual([`.tmp-${ELSEWHERE}-old`, '.tmp-without-a-tag']);
  });

  it('looks at what is in a folder: one that still grows is in use', async () => {
    await file(`upstream-${ELSEWHERE}-a/zip`, 2 * HOUR);
    await file(`upstream-${ELSEWHERE}-b/zip`, 2 * HOUR);
    await file(`upstream-${ELSEWHERE}-b/zip`);
    await utimes(join(dir, `upstream-${ELSEWHERE}-b`), new Date(0), new Date(0));
    expect(await findLeftovers(dir)).toEqual([{ path: join(dir, `upstream-${ELSEWHERE}-a`), bytes: 10 }]);
  });

  it.each(['m/@v/v1.0.0.zip', 'x.tmp-1', 'upstream/m', 'upstream-', 'discarded-1'])(
    'leaves %s, whatever its age',
    async (name) => {
      await file(name, 1000 * HOUR);
      expect(await found()).toEqual([]);
    },
  );
});

it('removeLeftovers removes files and folders, also those that are gone already', async () => {
  const [one, two] = [await file('.tmp-1'), await file('upstream-2/zip')];
  await removeLeftovers([one, dirname(two), join(dir, 'gone')].map((path) => ({ path, bytes: 0 })));
  expect([one, two].map((path) => existsSync(path))).toEqual([false, false]);
});
