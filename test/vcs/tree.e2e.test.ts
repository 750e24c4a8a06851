import { describe, expect, it } from 'vitest';
import { findFile, listTree } from '../../src/vcs/tree.js';
import { parseTree } from '../../src/vcs/objects/tree-object.js';
import { BareRepo } from '../../src/vcs/mirror/bare-repo.js';
import { repo } from '../support/git-repo.js';
import { missing } from '../support/requirements.js';
import { sealedEnv } from '../support/run.js';

describe('parseTree', () => {
  it('reads modes, names as bytes and hashes of both lengths', () => {
    for (const length of [20, 32]) {
      const record = (mode: string, name: string) =>
        Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.alloc(length, 0x20)]);
      const tree = Buffer.concat([
        record('100644', 'a\tb\nc'),
        record('40000', 'd d'),
        record('120000', '\xff'),
      ]);
      const hash = '20'.repeat(length);
      expect(parseTree(tree, length)).toEqual([
        { mode: '100644', name: Buffer.from('a\tb\nc'), hash },
        { mode: '40000', name: Buffer.from('d d'), hash },
        { mode: '120000', name: Buffer.from([0xff]), hash },
      ]);
    }
    expect(parseTree(Buffer.alloc(0), 20)).toEqual([]);
  });
});

describe.skipIf(missing('git'))('listTree', () => {
  it('lists a directory by its literal name, relative to it', async () => {
    const r = await repo();
    const files = { 'a*/x.go': '', 'ab/y.go': '', ':(top)/z.go': '', '-d/w.go': '', 'go.mod': '' };
    const commit = await r.write(files).gitlink('module', 'a'.repeat(40)).commit('odd names');
    const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
    for (const [directory, path] of [
      ['a*', 'x.go'],
      [':(top)', 'z.go'],
      ['-d', 'w.go'],
    ] as const) {
      expect((await listTree(mirror, commit, directory)).map((entry) => entry.path)).toEqual([path]);
      expect(await findFile(mirror, commit, `${directory}/${path}`)).toMatchObject({ mode: '100644' });
    }
    expect((await listTree(mirror, commit, '')).map((entry) => entry.path)).toHaveLength(6);
    for (const absent of ['go.sum', 'a*', 'module', '-x'])
      expect(await findFile(mirror, commit, absent)).toBeUndefined();
  });

  it('tells kinds, and names that are no text, in the order of git', async () => {
    const r = await repo();
    const tree = await r.rawTree([
      { mode: '100644', name: Buffer.from('\xff', 'latin1'), content: { data: '' } },
      { mode: '100755', name: 'run', content: { data: '' } },
      { mode: '120000', name: 'link', content: { data: '' } },
      { mode: '160000', name: 'sub', content: { hash: 'a'.repeat(40) } },
    ]);
    const commit = await r.commit('kinds', { tree });
    const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
    expect(await listTree(mirror, commit, '')).toEqual([
      { path: undefined, displayPath: '\ufffd', kind: 'regular' },
      { path: 'run', displayPath: 'run', kind: 'regular' },
      { path: 'link', displayPath: 'link', kind: 'symlink' },
      { path: 'sub', displayPath: 'sub', kind: 'submodule' },
    ]);
    const nested = await r
      .write({ 'a/b/c': '', 'a.b': '', 'a/b.c': '', a0: '' })
      .commit('nested', { parents: [] });
    const expected = (await r.git('ls-tree', '-r', '--name-only', nested)).trim().split('\n');
    expect((await listTree(mirror, nested, '')).map(({ path }) => path)).toEqual(expected);
  });
});
