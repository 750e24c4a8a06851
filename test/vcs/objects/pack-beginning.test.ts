import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ObjectHash } from '../../../src/vcs/names/object-name.js';
import type { GitObject } from '../../../src/vcs/objects/object-stream.js';
import { directoriesIn } from '../../../src/vcs/objects/pack-beginning.js';
import { encodePack, readSmallPack, SMALL_PACK_LIMITS } from '../../../src/vcs/objects/small-pack.js';

function object(type: string, content: string | Buffer): GitObject {
  const bytes = Buffer.from(content);
  const hash = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  return { hash, type, content: bytes };
}

function tree(entries: Record<string, GitObject>): GitObject {
  const lines = Object.entries(entries).map(([name, { type, hash }]) =>
    Buffer.concat([
      Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`),
      Buffer.from(hash, 'hex'),
    ]),
  );
  return object('tree', Buffer.concat(lines));
}

const goMod = object('blob', 'module example.com/foo\n');
const subMod = object('blob', 'module example.com/foo/sub\n');
const code = object('blob', 'package x\n');
const sub = tree({ 'go.mod': subMod, 'x.go': code });
const twice = tree({ 'x.go': code });
const root = tree({ a: twice, b: twice, 'go.mod': goMod, sub, 'x.go': code });
const commit = object(
  'commit',
  `tree ${root.hash}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n`,
);
const DIRECTORIES = [commit, root, twice, sub];

/** What is taken of a pack of `objects` that breaks off behind them: the hashes, in their order. */
function taken(objects: readonly GitObject[], paths = ['go.mod'], missing = 0): string[] | undefined {
  const begin = encodePack(objects, 'sha1').subarray(0, -20 - missing);
  const pack = directoriesIn(begin, commit.hash as ObjectHash, paths, 'sha1');
  return pack && readSmallPack(pack, 'sha1', SMALL_PACK_LIMITS).map(({ hash }) => hash);
}

const hashes = (...objects: GitObject[]) => objects.map(({ hash }) => hash);

describe('directoriesIn', () => {
  it('takes the commit, its directories, each once, and the files that are asked for', () => {
    expect(taken([...DIRECTORIES, code, goMod, subMod])).toEqual(hashes(...DIRECTORIES, goMod));
    const both = ['go.mod', 'sub/go.mod'];
    expect(taken([...DIRECTORIES, code, goMod, subMod], both)).toEqual(hashes(...DIRECTORIES, goMod, subMod));
  });

  it('takes the directories alone where a file did not come, or is in none of them', () => {
    expect(taken([...DIRECTORIES, code])).toEqual(hashes(...DIRECTORIES));
    expect(taken([...DIRECTORIES, goMod], ['go.mod'], 1)).toEqual(hashes(...DIRECTORIES));
    const none = ['a/go.mod', 'b', 'x.go/go.mod', 'none/go.mod'];
    expect(taken([...DIRECTORIES, goMod], none)).toEqual(hashes(...DIRECTORIES));
  });

  it('takes directories in whatever order they come', () => {
    expect(taken([sub, twice, root, commit, goMod])?.toSorted()).toEqual(
      hashes(...DIRECTORIES, goMod).toSorted(),
    );
  });

  it('goes through a directory once, however often it is listed', () => {
    const many = (below: GitObject) =>
      tree(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`d${i}`, below])));
    const inner = many(twice);
    const outer = many(inner);
    const top = object('commit', `tree ${outer.hash}\n\n`);
    // What is listed came before that which lists it.
    const begin = encodePack([twice, inner, top, outer], 'sha1');
    const pack = directoriesIn(begin, top.hash as ObjectHash, ['go.mod', 'd1/go.mod'], 'sha1');
    expect(pack && readSmallPack(pack, 'sha1', SMALL_PACK_LIMITS)).toHaveLength(4);
  });

  it('takes nothing where a directory did not come, or comes behind a file', () => {
    expect(taken([commit, root, twice])).toBeUndefined();
    expect(taken([commit, root, twice, sub], [], 1)).toBeUndefined();
    expect(taken([commit, root, twice, code, sub])).toBeUndefined();
    expect(taken([root, twice, sub, goMod])).toBeUndefined();
    expect(taken([])).toBeUndefined();
  });

  it('takes nothing of what is no pack, or has a malformed tree', () => {
    const noPack = Buffer.from('nothing of the kind, but long enough');
    expect(directoriesIn(noPack, commit.hash as ObjectHash, [], 'sha1')).toBeUndefined();
    const malformed = object('tree', 'nonsense');
    const holder = object('commit', `tree ${malformed.hash}\n\n`);
    const begin = encodePack([holder, malformed], 'sha1');
    expect(directoriesIn(begin, holder.hash as ObjectHash, [], 'sha1')).toBeUndefined();
  });

  it('takes nothing for the hash of something that is no commit', () => {
    const begin = encodePack([root, twice, sub], 'sha1');
    expect(directoriesIn(begin, root.hash as ObjectHash, [], 'sha1')).toBeUndefined();
  });
});
