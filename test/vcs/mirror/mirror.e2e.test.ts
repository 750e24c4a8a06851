import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missing } from '../../support/requirements.js';
import { mustRun } from '../../support/run.js';
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
});
