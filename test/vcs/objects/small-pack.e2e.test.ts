/** Packs as git makes them, read and indexed as git does. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeIndex, lists } from '../../../src/vcs/objects/pack-index.js';
import {
  completePack,
  encodePack,
  NotSmall,
  objectsAtBeginning,
  readSmallPack,
  ThinPack,
  type PackedObject,
} from '../../../src/vcs/objects/small-pack.js';
import { repo, type GitRepo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

const LIMITS = { objects: 1_000, bytes: 16 * 1024 * 1024 };

interface Packed {
  pack: Buffer;
  /** As `git index-pack` writes it. */
  index: Buffer;
}

/** All of `r` in one pack, with these options of `git pack-objects`. */
async function packOf(r: GitRepo, ...options: string[]): Promise<Packed> {
  const dir = await tempDir('pack');
  await r.git('pack-objects', '-q', '--all', ...options, path.join(dir, 'made'));
  const file = path.join(dir, 'copy.pack');
  const [made = ''] = (await mustRun('ls', [dir])).split('\n').filter((name) => name.endsWith('.pack'));
  await writeFile(file, await readFile(path.join(dir, made)));
  await r.git('index-pack', file);
  return { pack: await readFile(file), index: await readFile(path.join(dir, 'copy.idx')) };
}

function withSum(content: Buffer): Buffer {
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** A pack of one entry as it is. */
function packWith(entry: Buffer): Buffer {
  return withSum(Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1'), entry]));
}

describe.skipIf(missing('git'))('readSmallPack and encodeIndex', () => {
  let r: GitRepo;

  beforeAll(async () => {
    r = await repo(path.join(await tempDir('root'), 'r.git'));
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i} ${randomBytes(8).toString('hex')}\n`);
    for (let n = 0; n < 12; n++) {
      lines[n * 30] = `changed in ${n}\n`;
      r.write({ 'long.txt': lines.join(''), [`sub/${n}.go`]: `package sub // ${n}\n`, empty: '' });
      r.write({ 'large.bin': Buffer.alloc(200_000, n) });
      await r.commit(`commit ${n}`);
    }
    await r.tag('v1.0.0', { annotated: true });
  });

  async function contentsIn(objects: readonly PackedObject[]): Promise<void> {
    const names = (await r.git('rev-list', '--objects', '--all', '--no-object-names')).trim().split('\n');
    const tag = (await r.git('rev-parse', 'v1.0.0')).trim();
    expect(objects.map(({ hash }) => hash).sort()).toEqual([...new Set([...names, tag])].sort());
    for (const { hash, type, content } of objects) {
      expect((await r.git('cat-file', '-t', hash)).trim()).toBe(type);
      if (type !== 'tree') expect(await r.git('cat-file', type, hash)).toBe(content.toString());
    }
  }

  it.each([
    ['with distances to bases', ['--delta-base-offset', '--window=50', '--depth=50']],
    ['with names of bases', ['--window=50', '--depth=50']],
    ['without deltas', ['--window=0']],
  ])('reads packs %s, and writes the index that git writes', async (_, options) => {
    const { pack, index } = await packOf(r, ...options);
    const objects = readSmallPack(pack, 'sha1', LIMITS);
    await contentsIn(objects);
    expect(encodeIndex(objects, pack.subarray(-20), 'sha1').equals(index)).toBe(true);
    for (const { hash } of objects) expect(lists(index, hash)).toBe(true);
    for (let i = 0; i < 1_000; i++) expect(lists(index, randomBytes(20).toString('hex'))).toBe(false);
    expect(lists(index.subarray(0, 1_100), 'ff'.repeat(20))).toBeUndefined();
    expect(lists(Buffer.alloc(0), 'ff'.repeat(20))).toBeUndefined();
  });

  it.each([
    ['with distances to bases', ['--delta-base-offset', '--window=50', '--depth=50']],
    ['with names of bases', ['--window=50', '--depth=50']],
  ])('reads the beginning of packs %s, up to where it breaks off', async (_, options) => {
    const { pack } = await packOf(r, ...options);
    const all = readSmallPack(pack, 'sha1', LIMITS);
    const whole = [...objectsAtBeginning(pack.subarray(0, -20), 'sha1', LIMITS)];
    expect(whole).toEqual(all.map(({ hash, type, content }) => ({ hash, type, content })));
    const middle = all[20]?.offset ?? 0;
    const begin = (end: number) => [...objectsAtBeginning(pack.subarray(0, end), 'sha1', LIMITS)];
    expect(begin(middle)).toEqual(whole.slice(0, 20));
    expect(begin(middle - 1)).toEqual(whole.slice(0, 19));
    expect([...objectsAtBeginning(pack, 'sha1', { ...LIMITS, objects: 3 })]).toEqual(whole.slice(0, 3));
    const { length } = whole[0]?.content ?? Buffer.alloc(0);
    expect([...objectsAtBeginning(pack, 'sha1', { ...LIMITS, bytes: length })]).toEqual(whole.slice(0, 1));
  });

  it('writes packs as git reads them', async () => {
    const all = readSmallPack((await packOf(r)).pack, 'sha1', LIMITS);
    const file = path.join(await tempDir('pack'), 'written.pack');
    await writeFile(file, encodePack(all, 'sha1'));
    await r.git('index-pack', '--strict', file);
    await contentsIn(readSmallPack(await readFile(file), 'sha1', LIMITS));
  });

  it('reads packs of SHA-256 repositories', async () => {
    const dir = path.join(await tempDir('root'), 'sha256.git');
    await mustRun('git', ['init', '-q', '--bare', '--object-format=sha256', dir]);
    const hash = (
      await mustRun('sh', ['-c', `echo hello | git --git-dir '${dir}' hash-object -w --stdin`])
    ).trim();
    const base = path.join(dir, 'made');
    const sum = (
      await mustRun('sh', ['-c', `echo ${hash} | git --git-dir '${dir}' pack-objects -q '${base}'`])
    ).trim();
    const pack = await readFile(`${base}-${sum}.pack`);
    const objects = readSmallPack(pack, 'sha256', LIMITS);
    expect(objects).toMatchObject([{ hash, type: 'blob', content: Buffer.from('hello\n') }]);
    const index = encodeIndex(objects, pack.subarray(-32), 'sha256');
    expect(index.equals(await readFile(`${base}-${sum}.idx`))).toBe(true);
    expect(lists(index, hash)).toBe(true);
  });

  it('names the bases that a thin pack needs, and completes it so that git can read it', async () => {
    const dir = await tempDir('thin');
    const file = path.join(dir, 'thin.pack');
    const script = `printf '%s\\n^%s\\n' HEAD HEAD~1 | git --git-dir '${r.dir}' pack-objects -q --revs --thin --stdout >'${file}'`;
    await mustRun('sh', ['-c', script]);
    const pack = await readFile(file);
    const thin = errorOf(() => readSmallPack(pack, 'sha1', LIMITS));
    expect(thin).toBeInstanceOf(ThinPack);
    const { bases } = thin as ThinPack;
    expect(bases.length).toBeGreaterThan(0);
    const all = readSmallPack((await packOf(r)).pack, 'sha1', LIMITS);
    const needed = bases
      .map((base) => all.find(({ hash }) => hash === base))
      .filter((base) => base !== undefined);
    const whole = completePack(pack, needed, 'sha1');
    const objects = readSmallPack(whole, 'sha1', LIMITS);
    for (const { hash, content } of objects) {
      expect(all.find((other) => other.hash === hash)?.content.equals(content)).toBe(true);
    }
    await writeFile(path.join(dir, 'whole.pack'), whole);
    await r.git('index-pack', path.join(dir, 'whole.pack'));
    const index = await readFile(path.join(dir, 'whole.idx'));
    expect(encodeIndex(objects, whole.subarray(-20), 'sha1').equals(index)).toBe(true);
  });

  it('leaves what is larger than it may be to git', async () => {
    const { pack } = await packOf(r, '--delta-base-offset');
    expect(() => readSmallPack(pack, 'sha1', { ...LIMITS, objects: 10 })).toThrow('too many objects');
    expect(() => readSmallPack(pack, 'sha1', { ...LIMITS, bytes: 10_000 })).toThrow('too large');
  });

  it('believes no pack with a wrong byte anywhere, whatever its sum', async () => {
    const { pack } = await packOf(r, '--delta-base-offset');
    const right = new Map(readSmallPack(pack, 'sha1', LIMITS).map((object) => [object.hash, object.content]));
    for (let at = 0; at < pack.length; at += 7) {
      const wrong = Buffer.from(pack);
      wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8));
      expect(() => readSmallPack(wrong, 'sha1', LIMITS)).toThrow(NotSmall);
      if (at >= pack.length - 20) continue;
      // With a sum that fits, it is a pack of other objects or none; never one of these with another content.
      try {
        for (const { hash, content } of readSmallPack(withSum(wrong.subarray(0, -20)), 'sha1', LIMITS)) {
          expect(right.get(hash)?.equals(content) ?? true).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(NotSmall);
      }
    }
  });

  it('believes no pack that is cut off, or longer than it says', async () => {
    const { pack } = await packOf(r, '--delta-base-offset');
    for (let end = 0; end < pack.length - 20; end += 11) {
      for (const wrong of [pack.subarray(0, end), withSum(pack.subarray(0, end))]) {
        expect(() => readSmallPack(wrong, 'sha1', LIMITS)).toThrow(NotSmall);
      }
    }
    expect(() =>
      readSmallPack(withSum(Buffer.concat([pack.subarray(0, -20), Buffer.alloc(1)])), 'sha1', LIMITS),
    ).toThrow(NotSmall);
  });

  it('holds no more than it may of deltas', () => {
    // Deltas of a base that is nowhere: each is a megabyte of zeros, and takes a kilobyte.
    const size = Buffer.from([0xf0, 0x80, 0x80, 0x02]);
    const entry = Buffer.concat([size, Buffer.alloc(20), deflateSync(Buffer.alloc(2 ** 19))]);
    const count = 40;
    const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
    header.writeUInt32BE(count, 8);
    const pack = withSum(Buffer.concat([header, ...Array.from({ length: count }, () => entry)]));
    expect(() => readSmallPack(pack, 'sha1', LIMITS)).toThrow('too large');
  });

  it('holds no more than it may for what says to be larger', () => {
    // A blob of 2^40 bytes, and one of 15 that are not deflated.
    for (const entry of [[0xb0, 0x80, 0x80, 0x80, 0x80, 0x40], [0x3f]]) {
      expect(() => readSmallPack(packWith(Buffer.from(entry)), 'sha1', LIMITS)).toThrow(NotSmall);
    }
  });
});
