import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFile, listTree } from '../../src/vcs/tree.js';
import { hashAt } from '../../src/vcs/names/object-name.js';
import { kindOf, parseTree } from '../../src/vcs/objects/tree-object.js';
import { BareRepo } from '../../src/vcs/bare/bare-repo.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { listedFiles } from './listed-files.js';
import { mustRun, sealedEnv } from '../support/run.js';

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

describe('kindOf', () => {
  it.each([
    ['100664', 'regular'],
    ['100600', 'regular'],
    ['0100644', 'regular'],
    ['1100644', 'regular'],
    ['040000', 'directory'],
    ['40755', 'directory'],
    ['120777', 'symlink'],
    ['160755', 'submodule'],
    ['10644', 'submodule'],
    ['20644', 'submodule'],
    ['0', 'submodule'],
  ])('takes the mode %s for a %s, as git does', (mode, kind) => {
    expect(kindOf(mode)).toBe(kind);
  });

  it.each(['', '10064x', '100648', '-1', ' 100644'])('refuses the mode %j', (mode) => {
    expect(() => kindOf(mode)).toThrow('malformed tree object');
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
      expect((await listedFiles(listTree(mirror, commit, directory))).map((entry) => entry.path)).toEqual([
        path,
      ]);
      expect(await findFile(mirror, commit, `${directory}/${path}`)).toMatchObject({ mode: '100644' });
    }
    expect((await listedFiles(listTree(mirror, commit, ''))).map((entry) => entry.path)).toHaveLength(6);
    for (const absent of ['go.sum', 'a*', 'module', '-x']) {
      expect(await findFile(mirror, commit, absent)).toBeUndefined();
    }
  });

  it('tells kinds, and names that are not text, in the order of git', async () => {
    const r = await repo();
    const tree = await r.rawTree([
      { mode: '100644', name: Buffer.from('\xff', 'latin1'), content: { data: '' } },
      { mode: '100755', name: 'run', content: { data: '' } },
      { mode: '120000', name: 'link', content: { data: '' } },
      { mode: '160000', name: 'sub', content: { hash: 'a'.repeat(40) } },
    ]);
    const commit = await r.commit('kinds', { tree });
    const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
    expect(await listedFiles(listTree(mirror, commit, ''))).toEqual([
      { path: undefined, displayPath: '\ufffd', kind: 'regular' },
      { path: 'run', displayPath: 'run', kind: 'regular' },
      { path: 'link', displayPath: 'link', kind: 'symlink' },
      { path: 'sub', displayPath: 'sub', kind: 'submodule' },
    ]);
    const nested = await r
      .write({ 'a/b/c': '', 'a.b': '', 'a/b.c': '', a0: '' })
      .commit('nested', { parents: [] });
    const expected = (await r.git('ls-tree', '-r', '--name-only', nested)).trim().split('\n');
    expect((await listedFiles(listTree(mirror, nested, ''))).map(({ path }) => path)).toEqual(expected);
  });

  it('lists whatever modes there are as git archive does', async () => {
    const modes = ['100644', '100755', '100664', '120000', '120777', '160000', '160755', '40000', '40755'];
    const odd = fc.array(fc.constantFrom(...modes, '10644', '0', '0100600', '60000', '140000'), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(odd, odd, async (top, inner) => {
        const r = await repo();
        const entries = (some: string[], below: string) =>
          some.map((mode, i) => ({
            mode,
            name: `f${i}`,
            content: kindOf(mode) === 'directory' ? { hash: below } : { data: 'x\n' },
          }));
        const leaf = await r.rawTree([{ mode: '100644', name: 'in.txt', content: { data: 'in\n' } }]);
        const middle = await r.rawTree(entries(inner, leaf));
        const tree = await r.rawTree([
          ...entries(top, middle),
          { mode: '100644', name: 'go.mod', content: { data: '' } },
        ]);
        const commit = await r.commit('odd', { tree });
        const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
        const ours = (await listedFiles(listTree(mirror, commit, '')))
          .filter(({ kind }) => kind === 'regular')
          .map(({ path }) => path);
        const tar = await mustRun('sh', [
          '-c',
          `git -C '${r.dir}' archive ${commit} | tar -tv | grep '^-' | sed 's/.* //'`,
        ]);
        expect([...ours].sort()).toEqual(tar.split('\n').filter(Boolean).sort());
      }),
      { numRuns: 15 },
    );
  });

  it('lists 130,000 directories of one directory, each of another content', async () => {
    const entry = (mode: string, name: string, id: number) => {
      const head = Buffer.from(`${mode} ${name}\0`);
      const record = Buffer.alloc(head.length + 20);
      head.copy(record);
      record.writeUInt32BE(id, record.length - 4);
      return record;
    };
    const root = Buffer.concat(
      Array.from({ length: 130_000 }, (_, i) => entry('40000', `d${String(i).padStart(6, '0')}`, i + 1)),
    );
    const leaf = entry('100644', 'f', 0);
    const objects = (specs: readonly string[]) =>
      Promise.resolve(
        specs.map((spec) => ({
          hash: 'a'.repeat(40),
          type: 'tree',
          content: spec.endsWith(':') ? root : leaf,
        })),
      );
    let files = 0;
    const listing = await listTree({ objects }, hashAt(Buffer.alloc(20, 1), 0, 20), '');
    for await (const some of listing) files += some.length;
    expect(files).toBe(130_000);
  });

  it('lets others have their turn while many are listed, and lists them as often as it is read', async () => {
    const r = await repo();
    const empty = await r.rawTree([]);
    const names = Array.from({ length: 2_500 }, (_, i) => String(i).padStart(4, '0'));
    const files = await r.rawTree(
      names.map((name) => ({ mode: '100644', name, content: { hash: 'a'.repeat(40) } })),
    );
    const directories = await r.rawTree(
      names.map((name) => ({ mode: '40000', name, content: { hash: empty } })),
    );
    const tree = await r.rawTree([
      { mode: '40000', name: 'directories', content: { hash: directories } },
      { mode: '40000', name: 'files', content: { hash: files } },
    ]);
    const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
    const listing = await listTree(mirror, await r.commit('many', { tree }), '');
    let turns = 0;
    let next: NodeJS.Immediate;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    next = setImmediate(count);
    expect(await listedFiles(listing)).toHaveLength(2_500);
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(4); // 5,000 entries, at most a thousand at once
    expect(await listedFiles(listing)).toHaveLength(2_500);
  });

  it('counts what a commit stands for before it is listed', async () => {
    const r = await repo();
    let tree = await r.rawTree([{ mode: '100644', name: 'f', content: { data: 'x' } }]);
    for (let level = 0; level < 8; level += 1) {
      tree = await r.rawTree(
        Array.from({ length: 10 }, (_, i) => ({ mode: '40000', name: String(i), content: { hash: tree } })),
      );
    }
    const commit = await r.commit('many', { tree });
    const mirror = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 20_000 });
    await expect(listTree(mirror, commit, '')).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: expect.stringContaining('more than 2000000 files and directories') as string,
    });
    expect(await listedFiles(listTree(mirror, commit, '1/2/3/4/5'))).toHaveLength(1_000);
  });
});
