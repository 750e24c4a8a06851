import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isAbsent, storeSmallPack } from '../../../src/vcs/objects/pack-files.js';
import { NotSmall } from '../../../src/vcs/objects/small-pack.js';
import { tempDir } from '../../support/tmp.js';
import { objectAt } from '../../../src/vcs/names/object-name.js';
import { hashOf } from '../../support/git/git-names.js';

const BLOB = 3;
const nameOf = (content: string) =>
  hashOf(createHash('sha1').update(`blob ${content.length}\0${content}`).digest('hex'));

/** A pack of blobs of less than 16 bytes each. */
function packOf(...contents: string[]): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(contents.length, 8);
  const objects = contents.flatMap((text) => [Buffer.from([(BLOB << 4) | text.length]), deflateSync(text)]);
  const body = Buffer.concat([head, ...objects]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

async function emptyRepo(): Promise<string> {
  const dir = await tempDir('repo');
  await mkdir(path.join(dir, 'objects/pack'), { recursive: true });
  return dir;
}
const names = async (dir: string) => (await readdir(path.join(dir, 'objects/pack'))).sort();

describe('storeSmallPack', () => {
  it('stores a pack and its index under the sum of the pack, read-only', async () => {
    const dir = await emptyRepo();
    const pack = packOf('one', 'two');
    const objects = storeSmallPack(dir, pack, { format: 'sha1', partial: false });
    expect(objects.map(({ hash }) => hash)).toEqual([nameOf('one'), nameOf('two')]);
    const name = `pack-${pack.subarray(-20).toString('hex')}`;
    expect(await names(dir)).toEqual([`${name}.idx`, `${name}.pack`]);
    const file = path.join(dir, 'objects/pack', `${name}.pack`);
    expect(await readFile(file)).toEqual(pack);
    expect((await stat(file)).mode & 0o222).toBe(0);
  });

  it('marks a pack that is not all there is', async () => {
    const dir = await emptyRepo();
    storeSmallPack(dir, packOf('one'), { format: 'sha1', partial: true });
    expect((await names(dir)).map((name) => path.extname(name))).toEqual(['.idx', '.pack', '.promisor']);
  });

  it.each([
    ['more objects than are read at once', () => packOf(...Array.from({ length: 301 }, (_, n) => String(n)))],
    ['something else', () => Buffer.from('<html>')],
  ])('adds nothing of %s', async (_, pack) => {
    const dir = await emptyRepo();
    const how = { format: 'sha1', partial: false } as const;
    expect(() => storeSmallPack(dir, pack(), how)).toThrow(NotSmall);
    expect(await names(dir)).toEqual([]);
  });
});

describe('isAbsent', () => {
  const absent = nameOf('three');

  it('is sure of objects that no index lists, and only of those', async () => {
    const dir = await emptyRepo();
    expect(isAbsent(dir, [absent])).toBe(true);
    storeSmallPack(dir, packOf('one', 'two'), { format: 'sha1', partial: false });
    expect(isAbsent(dir, [absent, objectAt(absent, 'a/b')])).toBe(true);
    expect(isAbsent(dir, [nameOf('one')])).toBe(false);
    expect(isAbsent(dir, [absent, objectAt(nameOf('two'), 'x')])).toBe(false);
  });

  it('leaves to git repositories with other objects, indexes too large or torn, and none', async () => {
    const loose = await emptyRepo();
    await mkdir(path.join(loose, 'objects/ab'));
    expect(isAbsent(loose, [absent])).toBe(false);
    const large = await emptyRepo();
    await writeFile(path.join(large, 'objects/pack/pack-1.idx'), Buffer.alloc(256 * 1024 + 1));
    expect(isAbsent(large, [absent])).toBe(false);
    const torn = await emptyRepo();
    await writeFile(path.join(torn, 'objects/pack/pack-1.idx'), 'torn');
    expect(isAbsent(torn, [absent])).toBe(false);
    expect(isAbsent(path.join(torn, 'nowhere'), [absent])).toBe(false);
  });
});
