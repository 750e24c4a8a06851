import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { goModHash } from '../../src/module/files/dirhash.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { infoOrigin, infoSum, parseObject, RecordedSums } from '../../src/store/recorded-sums.js';
import { tempDir } from '../support/tmp.js';

const module = parseModulePath('corp.test/Lib');
const version = 'v1.0.0';
const COMMIT = 'a'.repeat(40);
const INFO = Buffer.from(JSON.stringify({ Version: version, Origin: { VCS: 'git', Hash: COMMIT } }));
const MOD = Buffer.from('module corp.test/Lib\n');
/** Hashes of zips. */
const h1 = (text: string): string => `h1:${createHash('sha256').update(text).digest('base64')}`;
const [X, Y] = [h1('x'), h1('y')];

describe('RecordedSums', () => {
  it('knows of each version what was noted last', async () => {
    const sums = new RecordedSums(await tempDir('sums'));
    expect(await sums.of({ module, version })).toEqual({});
    await sums.note({ module, version, kind: 'mod' }, Buffer.from('module old\n'));
    await sums.note({ module, version, kind: 'mod' }, MOD);
    await sums.note({ module, version, kind: 'info' }, INFO);
    await sums.note({ module, version, kind: 'ziphash' }, Buffer.from(`${X}\n`));
    await sums.note({ module, version: 'v1.0.1', kind: 'ziphash' }, Buffer.from(Y));
    expect(await sums.of({ module, version })).toEqual({
      mod: goModHash(MOD),
      info: infoSum(INFO),
      origin: COMMIT,
      zip: X,
    });
    expect(await sums.of({ module, version: 'v1.0.1' })).toEqual({ zip: Y });
    expect(await sums.of({ module, version: 'v1.0.10' })).toEqual({});
  });

  it('writes one line a part, below the escaped path, and none for a zip', async () => {
    const dir = await tempDir('sums');
    const sums = new RecordedSums(dir);
    await sums.note({ module, version, kind: 'zip' }, Buffer.from('PK'));
    await expect(readFile(path.join(dir, 'corp.test/!lib/@sums'))).rejects.toMatchObject({ code: 'ENOENT' });
    await sums.note({ module, version, kind: 'info' }, INFO);
    expect(await readFile(path.join(dir, 'corp.test/!lib/@sums'), 'utf8')).toBe(
      `info v1.0.0 ${infoSum(INFO)} ${COMMIT}\n`,
    );
  });

  it('keeps every line where many write at the same time', async () => {
    const dir = await tempDir('sums');
    const versions = Array.from({ length: 50 }, (_, n) => `v1.${n}.0` as const);
    await Promise.all(
      versions.map((name) =>
        new RecordedSums(dir).note({ module, version: name, kind: 'ziphash' }, Buffer.from(h1(name))),
      ),
    );
    for (const name of versions) {
      expect(await new RecordedSums(dir).of({ module, version: name })).toEqual({ zip: h1(name) });
    }
  });

  it('keeps one line of a release that goes, and all that is known of others', async () => {
    const dir = await tempDir('sums');
    const sums = new RecordedSums(dir);
    for (const name of ['v1.0.0', 'v1.1.0', 'v0.0.0-20240102030405-abcdefabcdef'] as const) {
      await sums.note({ module, version: name, kind: 'mod' }, MOD);
      await sums.note({ module, version: name, kind: 'info' }, INFO);
    }
    const all = (name: CanonicalVersion) => sums.of({ module, version: name });
    const kept = await all('v1.1.0');
    await sums.evict(module, new Set(['v1.0.0', 'v0.0.0-20240102030405-abcdefabcdef', 'v9.0.0']));
    expect(await all('v1.1.0')).toEqual(kept);
    expect(await all('v1.0.0')).toEqual({});
    expect(sums.evicted({ module, version: 'v1.0.0' })).toEqual({
      zip: undefined,
      mod: goModHash(MOD),
    });
    for (const name of ['v1.1.0', 'v0.0.0-20240102030405-abcdefabcdef', 'v9.0.0'] as const) {
      expect(sums.evicted({ module, version: name })).toBeUndefined();
    }
    // It comes back, now with its zip, and goes again.
    await sums.note({ module, version: 'v1.0.0', kind: 'ziphash' }, Buffer.from(X));
    await sums.evict(module, new Set(['v1.0.0']));
    expect(sums.evicted({ module, version: 'v1.0.0' })).toEqual({ zip: X, mod: goModHash(MOD) });
  });

  it('forgets nothing where what is known cannot be read', async () => {
    const dir = await tempDir('sums');
    await mkdir(path.join(dir, 'corp.test/!lib/@sums'), { recursive: true });
    await expect(new RecordedSums(dir).evict(module, new Set([version]))).rejects.toMatchObject({
      code: 'STORAGE',
    });
  });

  it('passes over lines that say nothing', async () => {
    const dir = await tempDir('sums');
    const sums = new RecordedSums(dir);
    await sums.note({ module, version, kind: 'ziphash' }, Buffer.from(X));
    const lines = ['', 'ziphash', 'ziphash v1.0.0', 'other v1.0.0 h1:z', 'mod v1.0.01 h1:z', '\0\0'];
    await appendFile(path.join(dir, 'corp.test/!lib/@sums'), `${lines.join('\n')}\n`);
    expect(await sums.of({ module, version })).toEqual({ zip: X });
  });

  it.each([
    ['a hash', `mod v1.0.0 ${goModHash(MOD).slice(0, -7)}`, {}],
    ['a hash, with the next line behind it', `ziphash v1.0.0 ${X.slice(0, 20)}mod v1.0.1 ${Y}`, {}],
    ['zeros in its place', `ziphash v1.0.0 ${'\0'.repeat(47)}`, {}],
    ['the sum of an .info', `info v1.0.0 ${infoSum(INFO).slice(0, 30)}`, {}],
    ['a commit', `info v1.0.0 ${infoSum(INFO)} ${COMMIT.slice(0, 12)}`, { info: infoSum(INFO) }],
    ['the hashes of a release that was removed', `evicted v1.0.0 ${X.slice(0, 9)}`, {}],
  ])('takes %s that was torn for lost', async (_, line, known) => {
    const dir = await tempDir('sums');
    const file = path.join(dir, 'corp.test/!lib/@sums');
    await mkdir(path.dirname(file), { recursive: true });
    await appendFile(file, line);
    const sums = new RecordedSums(dir);
    expect(await sums.of({ module, version })).toEqual(known);
    expect(sums.evicted({ module, version }) ?? {}).toEqual({});
  });

  it('notes nothing, and does not fail, where it cannot write', async () => {
    const file = path.join(await tempDir('sums'), 'file');
    await appendFile(file, 'not a folder');
    const sums = new RecordedSums(file);
    await sums.note({ module, version, kind: 'mod' }, MOD);
    expect(await sums.of({ module, version })).toEqual({});
  });
});

describe('infoOrigin', () => {
  const TIME = '2024-03-01T12:00:00Z';
  it.each([
    ['the commit', { Origin: { Hash: COMMIT }, Time: TIME }, COMMIT],
    ['the time where there is no Origin', { Time: TIME }, TIME],
    ['the time where the Origin names no commit', { Origin: { VCS: 'git' }, Time: TIME }, TIME],
    ['the time where the Origin is not an object', { Origin: null, Time: TIME }, TIME],
    ['nothing of another type', { Origin: { Hash: 1 }, Time: TIME }, undefined],
    ['nothing with a space, which would be another field of the line', { Time: 'a b' }, undefined],
    ['nothing with a line break', { Origin: { Hash: 'a\nmod v1.0.0 h1:x' } }, undefined],
    ['nothing where there is nothing', {}, undefined],
  ])('is %s', (_, info, found) => {
    expect(infoOrigin(Buffer.from(JSON.stringify(info)))).toBe(found);
  });

  it('is nothing where the .info is not JSON', () => {
    expect(infoOrigin(Buffer.from('{'))).toBeUndefined();
  });
});

describe('parseObject', () => {
  it.each(['', '{', 'null', '1', '"x"', 'true'])('is undefined for %j', (text) => {
    expect(parseObject(Buffer.from(text))).toBeUndefined();
  });

  it('is what an object holds', () => {
    expect(parseObject(Buffer.from('{"a":[1]}'))).toEqual({ a: [1] });
  });
});
