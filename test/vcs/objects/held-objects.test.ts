import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findHeld, hold, listHeld } from '../../../src/vcs/objects/held-objects.js';
import type { GitObject } from '../../../src/vcs/objects/object-stream.js';

function object(type: string, content: string | Buffer): GitObject {
  const bytes = Buffer.from(content);
  const hash = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  return { hash, type, content: bytes };
}

function tree(entries: Record<string, { mode: string; hash: string }>): GitObject {
  const lines = Object.entries(entries).map(([name, { mode, hash }]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, 'hex')]),
  );
  return object('tree', Buffer.concat(lines));
}

const file = (content: string) => ({ mode: '100644', ...object('blob', content) });
const directory = (entries: Parameters<typeof tree>[0]) => ({ mode: '40000', ...tree(entries) });
const submodule = { mode: '160000', hash: '12'.repeat(20) };

function commitOf(root: GitObject): GitObject {
  return object('commit', `tree ${root.hash}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n`);
}

/** A repository of its own for each test: what is held is shared by all. */
const identity = () => randomBytes(8).toString('hex');

const readme = file('readme\n');
const go = file('package x\n');
const sub = directory({ 'x.go': go });
const root = tree({ README: readme, ext: submodule, sub: sub });
const commit = commitOf(root);
const ALL = [commit, root, readme, sub, go];

describe('findHeld', () => {
  it('finds objects by their name, and by a path from a commit or a tree', () => {
    const id = identity();
    hold(id, ALL);
    const found = findHeld(id, [
      commit.hash,
      `${commit.hash}:sub/x.go`,
      `${root.hash}:README`,
      `${commit.hash}:sub`,
    ]);
    expect(found?.map((each) => each?.hash)).toEqual([commit.hash, go.hash, readme.hash, sub.hash]);
    expect(findHeld(id, [`${commit.hash}:`])?.[0]?.hash).toBe(root.hash);
  });

  it('knows what is not there', () => {
    const id = identity();
    hold(id, ALL);
    const paths = ['nope', 'sub/nope', 'README/x', 'nope/x.go'];
    expect(
      findHeld(
        id,
        paths.map((path) => `${commit.hash}:${path}`),
      ),
    ).toEqual(paths.map(() => undefined));
  });

  it('says nothing where more would have to be known', () => {
    const id = identity();
    expect(findHeld(id, [commit.hash])).toBeUndefined();
    hold(id, [commit, root, readme]);
    expect(findHeld(id, [`${commit.hash}:sub/x.go`])).toBeUndefined();
    expect(findHeld(id, [`${commit.hash}:README`, `${commit.hash}:sub`])).toBeUndefined();
    expect(findHeld(identity(), [commit.hash])).toBeUndefined();
  });

  it('holds a bounded number of bytes', () => {
    const id = identity();
    const objects = Array.from({ length: 40 }, (_, i) => object('blob', Buffer.alloc(1024 * 1024, i)));
    hold(id, objects);
    const held = objects.filter(({ hash }) => findHeld(id, [hash]) !== undefined);
    expect(held.length).toBeLessThan(20);
    expect(held).toContain(objects.at(-1));
  });
});

const oddDirectory = directory({ HEAD: readme });

describe('listHeld', () => {
  const pathsOf = (id: string, of: GitObject, path = '') =>
    listHeld(id, of.hash, path)?.map((each) => each.path);

  it('lists files of a directory with their paths from the root, without submodules', () => {
    const id = identity();
    hold(id, ALL);
    expect(pathsOf(id, commit)).toEqual(['README', 'sub/x.go']);
    expect(listHeld(id, commit.hash, 'sub')).toEqual([{ path: 'sub/x.go', content: go.content }]);
  });

  it('lists what git takes on every system, also what begins as .git does', () => {
    const id = identity();
    const names = ['.github', '.gitignore', '.gitmodules', 'a (b).go'];
    const usual = tree(Object.fromEntries(names.map((name) => [name, readme])));
    const usualCommit = commitOf(usual);
    hold(id, [readme, usual, usualCommit]);
    expect(pathsOf(id, usualCommit)?.sort()).toEqual(names.sort());
  });

  it('leaves a directory that is there very many times to git', () => {
    const id = identity();
    const many = directory(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`m${i}`, submodule])));
    const times = (count: number) => {
      const top = tree(Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i}`, many])));
      const holder = commitOf(top);
      hold(id, [many, top, holder]);
      return pathsOf(id, holder);
    };
    expect(times(2)).toEqual([]);
    expect(times(20)).toBeUndefined();
  });

  it('lists nothing in part', () => {
    const id = identity();
    hold(id, [commit, root, readme, sub]);
    expect(pathsOf(id, commit)).toBeUndefined();
    expect(pathsOf(id, commit, 'README')).toBeUndefined();
    expect(pathsOf(id, commit, 'nope')).toBeUndefined();
  });

  it('lists a directory although files beside it are not held', () => {
    const id = identity();
    hold(id, [commit, root, sub, go]);
    expect(pathsOf(id, commit, 'sub')).toEqual(['sub/x.go']);
  });

  it.each<[what: string, odd: { mode: string; hash: string }, held: GitObject[]]>([
    ['a directory', oddDirectory, [oddDirectory]],
    ['a file', readme, []],
    ['a submodule', submodule, []],
  ])('leaves to git what is beside %s called .git, or above one', (_, odd, objects) => {
    const deep = directory({ '.git': odd });
    for (const entries of [
      { '.git': odd, sub },
      { deep, sub },
    ]) {
      const id = identity();
      const oddRoot = tree(entries);
      const oddCommit = commitOf(oddRoot);
      hold(id, [readme, go, sub, deep, ...objects, oddRoot, oddCommit]);
      expect(pathsOf(id, oddCommit, 'sub')).toBeUndefined();
    }
  });

  it.each(['.git', '.GIT', '..', '.', 'git~1', '.git ', 'a\\b', 'ü', '\u200c.git', 'con:', 'a'.repeat(101)])(
    'leaves a tree with the name %j to git',
    (name) => {
      const id = identity();
      const odd = tree({ [name]: readme });
      const oddCommit = commitOf(odd);
      hold(id, [readme, odd, oddCommit]);
      expect(pathsOf(id, oddCommit)).toBeUndefined();
    },
  );
});
