import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missing } from '../../support/requirements.js';
import { mustRun } from '../../support/run.js';
import type { CodeRepo } from '../../../src/vcs/types.js';
import { inMirror, lab, mirrorDir, type Lab } from '../lab.js';

const always = async (): Promise<boolean> => Promise.resolve(true);

describe.skipIf(missing('git'))('Mirror', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
  });
  afterEach(async () => l.host.stop());

  /** Adds that many small packs to a mirror, which fetches would make one by one. */
  async function manyPacks(name: string, count: number): Promise<string> {
    const dir = path.join(await mirrorDir(l.vcsDir), name);
    for (let n = 0; n < count; n += 1) {
      const args = ['--git-dir', dir, '-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet'];
      await mustRun('git', args, { input: `blob\ndata <<END\nnumber ${n}\nEND\n` });
    }
    return path.join(dir, 'objects/pack');
  }

  async function packsIn(dir: string): Promise<number> {
    return (await readdir(dir)).filter((file) => file.endsWith('.pack')).length;
  }

  it('combines the packs of many fetches and loses nothing', async () => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    const packs = await manyPacks('content.git', 52);
    expect(await packsIn(packs)).toBe(53);
    await r.stat('v1.1.0');
    expect(await packsIn(packs)).toBeLessThan(20);
    l.host.setFailure('/', 503);
    expect(String(await r.readFile(hash, 'n.go'))).toBe('package n // 0\n');
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it('combines the packs of a filtered history, too', async () => {
    const head = await l.repo.rev('main');
    await (await l.open()).stat(head.slice(0, 9));
    await (await l.open()).descendsFrom(head, { name: 'v1.0.0', hash: await l.repo.rev('v1.0.0') });
    const packs = await manyPacks('history.git', 52);
    const next = await l.repo.write({ a: 'b' }).commit('next');
    expect(await (await l.open(0)).recentTag(next, '', always)).toBe('v1.2.0');
    expect(await packsIn(packs)).toBeLessThan(20);
    expect(await inMirror(l.vcsDir, 'history.git', 'rev-list', '--count', 'main')).toBe('4\n');
    expect(await (await l.open()).recentTag(next, '', always)).toBe('v1.2.0');
  });

  describe('a history that is not what came from the host', () => {
    const packs = (dir: string) => path.join(dir, 'objects/pack');
    const indexes = async (dir: string) =>
      (await readdir(packs(dir)))
        .filter((name) => name.endsWith('.idx'))
        .map((name) => path.join(packs(dir), name));
    const replaceIndexes = async (dir: string, put: (file: string) => Promise<unknown>) => {
      for (const file of await indexes(dir)) {
        await rm(file);
        await put(file);
      }
    };
    const damages: [what: string, damage: (dir: string) => Promise<unknown>][] = [
      ['lost its packs', (dir) => rm(packs(dir), { recursive: true }).then(() => mkdir(packs(dir)))],
      ['lost an index', (dir) => replaceIndexes(dir, () => Promise.resolve())],
      ['has an index that cannot be opened', (dir) => replaceIndexes(dir, (file) => symlink(file, file))],
      ['lost its refs', (dir) => rm(path.join(dir, 'packed-refs'))],
      ['has an index with another byte', (dir) => replaceIndexes(dir, (file) => writeFile(file, '\xfftOc'))],
      ['has garbage for refs', (dir) => writeFile(path.join(dir, 'packed-refs'), 'garbage\n')],
      ['has empty refs', (dir) => writeFile(path.join(dir, 'packed-refs'), '')],
    ];

    it.each(damages)(
      'is made anew where it %s: nothing of the host is called unknown',
      async (_what, damage) => {
        const middle = await l.repo.write({ a: '1' }).commit('middle');
        await l.repo.write({ a: '2' }).commit('last');
        const asked = middle.slice(0, 10);
        expect((await (await l.open(0)).stat(asked)).hash).toBe(middle);
        const dir = path.join(await mirrorDir(l.vcsDir), 'history.git');
        for (const ask of [
          async (r: CodeRepo) => (await r.stat(asked)).hash,
          async (r: CodeRepo) => (await r.stat(middle)).hash,
          async (r: CodeRepo) => ((await r.recentTag(middle, '', always)) === 'v1.2.0' ? middle : undefined),
          async (r: CodeRepo) =>
            (await r.descendsFrom(middle, { name: 'v1.0.0', hash: await l.repo.rev('v1.0.0') }))
              ? middle
              : undefined,
        ]) {
          await damage(dir);
          expect(await ask(await l.open())).toBe(middle);
        }
        await expect((await l.open()).stat('f'.repeat(12))).rejects.toMatchObject({
          code: 'VERSION_NOT_FOUND',
        });
      },
    );

    it('is not taken for that of refs which the host had before and has again', async () => {
      const release = await l.repo.rev('v1.2.0^{commit}');
      const middle = await l.repo.write({ a: '1' }).commit('middle');
      const last = await l.repo.write({ a: '2' }).commit('last');
      const listed = await l.open(0);
      await l.repo.git('update-ref', 'refs/heads/main', release);
      // Listed by one replica of a host, fetched from another one that lags behind: an outage.
      await expect(listed.stat(middle.slice(0, 10))).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
      await l.repo.git('update-ref', 'refs/heads/main', last);
      expect((await (await l.open(0)).stat(middle.slice(0, 10))).hash).toBe(middle);
    });
  });
});
