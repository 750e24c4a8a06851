import { describe, expect, it } from 'vitest';
import { holdsFile, listTree, parseTree } from '../../src/vcs/tree.js';
import { bareRepo } from '../../src/vcs/bare-repo.js';
import { repo } from '../support/git-repo.js';
import { missing } from '../support/requirements.js';
import { sealedEnv } from '../support/run.js';

describe('parseTree', () => {
  it('tells kinds, and names that are no text', () => {
    const record = (mode: string, name: string) =>
      Buffer.from(`${mode} x ${'0'.repeat(40)}\t${name}\0`, 'latin1');
    const names = ['100644 a\tb\nc', '100755 run', '120000 link', '160000 sub', '100644 \xff'];
    const output = Buffer.concat(names.map((name) => record(name.slice(0, 6), name.slice(7))));
    expect(parseTree(output)).toEqual([
      { path: 'a\tb\nc', displayPath: 'a\tb\nc', kind: 'regular' },
      { path: 'run', displayPath: 'run', kind: 'regular' },
      { path: 'link', displayPath: 'link', kind: 'symlink' },
      { path: 'sub', displayPath: 'sub', kind: 'submodule' },
      { path: undefined, displayPath: '\ufffd', kind: 'regular' },
    ]);
    expect(parseTree(Buffer.alloc(0))).toEqual([]);
  });
});

describe.skipIf(missing('git'))('listTree', () => {
  it('lists a directory by its literal name, relative to it', async () => {
    const r = await repo();
    const files = { 'a*/x.go': '', 'ab/y.go': '', ':(top)/z.go': '', '-d/w.go': '', 'go.mod': '' };
    const commit = await r.write(files).gitlink('module', 'a'.repeat(40)).commit('odd names');
    const mirror = bareRepo(r.dir, sealedEnv(), 20_000);
    for (const [directory, path] of [
      ['a*', 'x.go'],
      [':(top)', 'z.go'],
      ['-d', 'w.go'],
    ] as const) {
      expect((await listTree(mirror, commit, directory)).map((entry) => entry.path)).toEqual([path]);
      expect(await holdsFile(mirror, commit, `${directory}/${path}`)).toBe(true);
    }
    expect((await listTree(mirror, commit, '')).map((entry) => entry.path)).toHaveLength(6);
    for (const absent of ['go.sum', 'a*', 'module', '-x'])
      expect(await holdsFile(mirror, commit, absent)).toBe(false);
  });
});
