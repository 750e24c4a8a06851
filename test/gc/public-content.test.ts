/** What goes with a public version, and what stays of it for ever. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FirstFetches } from '../../src/catalog/first-fetches.js';
import { forgetUses, removePublic } from '../../src/gc/public-content.js';
import { goModHash } from '../../src/module/files/dirhash.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { putBytes } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';

const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER = `h1:${Buffer.alloc(32, 2).toString('base64')}`;
const PSEUDO = 'v0.0.0-20240102030405-abcdefabcdef';
const module = parseModulePath('pub.test/m');

let root: string;
let stores: Stores;
beforeEach(async () => {
  root = await tempDir('public-content');
  stores = openStores({ cacheDir: root });
});

async function store(version: CanonicalVersion, hash = HASH, name = module): Promise<void> {
  const put = (kind: 'mod' | 'ziphash' | 'zip', text: string) =>
    putBytes(stores.versions, { module: name, version, kind }, Buffer.from(text));
  await put('mod', `module ${name}\n`);
  await put('ziphash', hash);
  await putBytes(stores.unchecked, { module: name, version, kind: 'zip' }, Buffer.alloc(1000));
}

const remove = (needed: number, dryRun = false) => {
  const isReplaceable = (path: string) => path.startsWith('pub.test/');
  return removePublic({ stores, isReplaceable, hasUpstream: true, dryRun }, needed);
};

async function answer(name: string, bytes: number, ageMs: number): Promise<string> {
  const file = join(root, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(bytes));
  const time = new Date(Date.now() - ageMs);
  await utimes(file, time, time);
  return file;
}

describe('removePublic', () => {
  it('takes versions and answers in one order', async () => {
    await store('v1.0.0');
    const old = await answer('upstream/pub.test/a/@v/list', 100, 3_600_000);
    const fresh = await answer('upstream/pub.test/b/@v/list', 100, -3_600_000);
    const tile = await answer('download/sumdb/db.test/tile/8/0/000', 8192, 7_200_000);
    const dry = await remove(200, true);
    expect(existsSync(old)).toBe(true);
    const removed = await remove(200);
    expect(removed).toEqual(dry);
    expect(removed.answers.map(({ path }) => path)).toEqual(['upstream/pub.test/a/@v/list']);
    expect(removed.versions.map(({ version }) => version)).toEqual(['v1.0.0']);
    expect([old, fresh, tile].map((file) => existsSync(file))).toEqual([false, true, true]);
    expect(existsSync(join(root, 'download/pub.test'))).toBe(false);
    expect((await remove(Infinity)).answers.map(({ path }) => path)).toEqual([
      'upstream/pub.test/b/@v/list',
      'download/sumdb/db.test/tile/8/0/000',
    ]);
  });

  it('forgets who asked first for a version that goes, and only that', async () => {
    const fetches = new FirstFetches({ blobs: stores.fetched, onError: () => undefined });
    await store('v1.0.0');
    stores.lastUse.note(module, 'v1.0.0');
    for (const version of ['v1.0.0', 'v1.1.0'] as const) {
      fetches.note({ module, version }, { kind: 'server' });
    }
    await fetches.flush();
    await remove(Infinity);
    expect([...(await fetches.of(module)).keys()]).toEqual(['v1.1.0']);
    await store('v1.1.0');
    await remove(Infinity);
    expect(existsSync(join(root, 'fetched/pub.test'))).toBe(false);
  });

  it('keeps of a release the hashes of its zip and go.mod, of a pseudo-version nothing', async () => {
    await store('v1.0.0');
    await store(PSEUDO);
    await remove(Infinity);
    const file = join(root, 'sums/pub.test/m/@sums');
    const line = `evicted v1.0.0 ${HASH} ${goModHash(Buffer.from(`module ${module}\n`))}\n`;
    expect(await readFile(file, 'utf8')).toBe(line);
    expect((await stat(file)).size).toBeLessThan(120);
  });

  it('leaves nothing of a module of which only pseudo-versions were there', async () => {
    await store(PSEUDO);
    await remove(Infinity);
    expect(existsSync(join(root, 'sums/pub.test'))).toBe(false);
  });

  it('lets a release that was removed come back with the same content only', async () => {
    await store('v1.0.0');
    await remove(Infinity);
    await expect(store('v1.0.0', OTHER)).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      reason: `this version was removed to make room; then it was ${HASH}, now it is ${OTHER}`,
    });
    await store('v1.0.0');
    await remove(Infinity);
    await expect(store('v1.0.0', OTHER)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
  });

  it('touches no private version, nor what is noted of it', async () => {
    await store('v1.0.0', HASH, parseModulePath('corp.test/lib'));
    const sums = await readFile(join(root, 'sums/corp.test/lib/@sums'), 'utf8');
    expect(await remove(Infinity)).toEqual({ versions: [], answers: [] });
    expect(await readFile(join(root, 'sums/corp.test/lib/@sums'), 'utf8')).toBe(sums);
  });
});

describe('forgetUses', () => {
  it('forgets those of removed versions, and otherwise leaves the file alone until it is long', async () => {
    const { lastUse } = stores;
    for (const version of ['v1.0.0', 'v1.1.0']) lastUse.note(module, version);
    await lastUse.flush();
    const before = await stat(join(root, 'usage'));
    await forgetUses(lastUse, []);
    expect((await stat(join(root, 'usage'))).ino).toBe(before.ino);
    await forgetUses(lastUse, [{ module, version: 'v1.0.0' }]);
    expect([...(await lastUse.all()).keys()]).toEqual(['pub.test/m@v1.1.0']);
  });
});
