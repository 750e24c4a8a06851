/** What goes and what stays, with a real cache directory. */
import { existsSync } from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { mkdir, readdir, statfs, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { processTag } from '../../src/fs/process-tag.js';
import { collect, type Collection } from '../../src/gc/collect.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { putBytes } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';

// A disk that is nearly full cannot be had without rights to mount one.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof FsPromises>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

const KIB = 1024;
let root: string;
let stores: Stores;

beforeEach(async () => {
  root = await tempDir('gc');
  stores = openStores({ cacheDir: root });
});

async function makeFile(name: string, bytes: number, ageMs = 0): Promise<string> {
  const file = join(root, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(bytes));
  const time = new Date(Date.now() - ageMs);
  await utimes(file, time, time);
  for (let dir = dirname(file); dir !== root; dir = dirname(dir)) await utimes(dir, time, time);
  return file;
}

const mirror = (letter: string, ageMs: number) =>
  makeFile(`vcs/${letter.repeat(64)}/content.git/objects/pack/pack-1.pack`, 100 * KIB, ageMs);

async function store(module: string, version: CanonicalVersion): Promise<void> {
  const part = { module: parseModulePath(module), version };
  await putBytes(stores.versions, { ...part, kind: 'mod' }, Buffer.from(`module ${module}\n`));
  await putBytes(stores.unchecked, { ...part, kind: 'zip' }, Buffer.alloc(100 * KIB));
}

const told: [done: number, total: number][] = [];
const onProgress = (done: number, total: number) => void told.push([done, total]);

async function run(maxBytes: number, dryRun = false): Promise<Collection> {
  const isReplaceable = (module: string) => module.startsWith('pub.test/');
  const result = await collect({ stores, maxBytes, isReplaceable, hasUpstream: true, dryRun, onProgress });
  if (result === undefined) throw new Error('another process collects');
  return result;
}

const names = ({ versions }: Collection) => versions.map(({ module, version }) => `${module}@${version}`);

describe('collect', () => {
  it('says how far it is, to the end of each part of its work', async () => {
    for (const letter of ['a', 'b', 'c']) await mirror(letter, 3_600_000);
    told.length = 0;
    await run(150 * KIB);
    expect(told.at(-1)).toEqual([2, 2]);
    expect(told.every(([done, total]) => done <= total)).toBe(true);
  });

  it('removes nothing while there is room', async () => {
    await mirror('a', 0);
    await store('pub.test/m', 'v1.0.0');
    const result = await run(1024 * KIB);
    expect(result).toMatchObject({ mirrors: [], versions: [], leftovers: [] });
    expect(result.after).toBe(result.before);
    expect(result.before).toBeGreaterThan(200 * KIB);
  });

  it('makes room on a disk that is nearly full as if the limit were smaller', async () => {
    await mirror('a', 1_000);
    await store('pub.test/m', 'v1.0.0');
    // Of 2,000 KiB a twentieth should be free, and 40 KiB are.
    const disk = { blocks: 2_000, bsize: KIB, bavail: 40 } as Awaited<ReturnType<typeof statfs>>;
    vi.mocked(statfs).mockResolvedValueOnce(disk);
    const result = await run(1024 * KIB);
    expect(result.limit).toBe(result.before - 60 * KIB);
    expect(result.mirrors).toHaveLength(1);
    expect(result.versions).toEqual([]);
    expect((await run(1024 * KIB)).limit).toBe(1024 * KIB);
  });

  it('removes mirrors first, the least recently used ones', async () => {
    await mirror('a', 1_000);
    await mirror('b', 3_600_000);
    await store('pub.test/m', 'v1.0.0');
    const result = await run(250 * KIB);
    expect(result.mirrors.map(({ dir }) => dir)).toEqual([join(root, 'vcs', 'b'.repeat(64))]);
    expect(result.versions).toEqual([]);
    expect(await readdir(join(root, 'vcs'))).toEqual(['a'.repeat(64)]);
  });

  it('then removes public versions by their last use, and never a private one', async () => {
    await mirror('a', 1_000);
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0'] as const) await store('pub.test/m', version);
    await store('corp.test/lib', 'v1.0.0');
    const old = new Date(Date.now() - 3_600_000);
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
      for (const kind of ['mod', 'zip']) {
        await utimes(join(root, `download/pub.test/m/@v/${version}.${kind}`), old, old);
      }
    }
    stores.lastUse.note('pub.test/m', 'v1.0.0');
    const dry = await run(220 * KIB, true);
    expect(names(dry).sort()).toEqual(['pub.test/m@v1.1.0', 'pub.test/m@v1.2.0']);
    expect(existsSync(join(root, 'download/pub.test/m/@v/v1.1.0.zip'))).toBe(true);
    expect(await readdir(join(root, 'vcs'))).toHaveLength(1);
    const done = await run(220 * KIB);
    expect({ ...done, dryRun: true, before: dry.before }).toMatchObject({
      mirrors: dry.mirrors,
      after: dry.after,
    });
    const all = await run(0);
    expect(names(all)).toEqual(['pub.test/m@v1.0.0']);
    expect(all.after).toBeGreaterThan(0);
    expect(await stores.unchecked.versions(parseModulePath('corp.test/lib'), 'zip')).toEqual(['v1.0.0']);
  });

  it('counts and removes what upstreams and checksum databases said as it does public versions', async () => {
    await store('pub.test/m', 'v1.0.0');
    const list = await makeFile('upstream/pub.test/m/@v/list', 10 * KIB, 3_600_000);
    const record = await makeFile('download/sumdb/db.test/lookup/pub.test/x@v1.0.0', 10 * KIB, 7_200_000);
    const tree = await makeFile('download/sumdb/db.test/latest', 1, 7_200_000);
    const { before } = await run(1024 * KIB);
    const result = await run(before - 15 * KIB);
    expect(result).toMatchObject({ versions: [], after: before - 20 * KIB });
    expect(result.answers).toHaveLength(2);
    expect([list, record, tree].map((file) => existsSync(file))).toEqual([false, false, true]);
  });

  it('leaves a mirror alone that a process writes to', async () => {
    await mirror('a', 3_600_000);
    const release = await lock(join(root, 'vcs', 'a'.repeat(64), 'content.git'), { realpath: false });
    expect((await run(0)).mirrors).toEqual([]);
    await release();
    expect((await run(0)).mirrors).toHaveLength(1);
    expect(await readdir(join(root, 'vcs'))).toEqual([]);
  });

  it('removes what dead processes left, and nothing of a living one', async () => {
    const [pid, start, place] = processTag().split('-');
    const dead = `${pid ?? ''}-${start ?? ''}0-${place ?? ''}`;
    const gone = [
      await makeFile(`download/corp.test/lib/@v/.tmp-${dead}-0123456789ab`, 10),
      await makeFile(`upstream-${dead}-AbCdEf/zip`, 20),
      await makeFile(`vcs/${'a'.repeat(64)}/trees.git.discarded-${dead}-1/HEAD`, 30),
      await makeFile('upstream-AbCdEf/zip', 40, 2 * 3_600_000),
      await makeFile('download/corp.test/lib/@v/.tmp-1-0123456789ab', 50, 2 * 3_600_000),
    ];
    const kept = [
      await makeFile(`download/corp.test/lib/@v/.tmp-${processTag()}-0123456789ab`, 10),
      await makeFile(`upstream-${processTag()}-AbCdEf/zip`, 10, 2 * 3_600_000),
      await makeFile('download/corp.test/lib/@v/.tmp-1-abc-01234567-0123456789ab', 10),
      await makeFile('upstream/corp.test/lib/@v/list', 10),
    ];
    const dry = await run(1024 * KIB, true);
    expect(gone.every((file) => existsSync(file))).toBe(true);
    const { leftovers, before, after } = await run(1024 * KIB);
    expect(leftovers).toEqual(dry.leftovers);
    expect(leftovers).toHaveLength(gone.length);
    expect(before - after).toBe(150);
    expect(gone.map((file) => existsSync(file))).toEqual(gone.map(() => false));
    expect(kept.map((file) => existsSync(file))).toEqual(kept.map(() => true));
  });

  it('removes leftovers also while a collector is believed to work that was killed', async () => {
    const [pid, start, place] = processTag().split('-');
    const file = await makeFile(`upstream-${pid}-${start}0-${place}-0123456789ab`, 10);
    await mkdir(join(root, 'gc.lock'));
    const options = { stores, maxBytes: 0, isReplaceable: () => true, hasUpstream: true };
    expect(await collect({ ...options, dryRun: true })).toBeUndefined();
    expect(existsSync(file)).toBe(true);
    expect(await collect(options)).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });

  it('is done by one process at a time', async () => {
    await store('pub.test/m', 'v1.0.0');
    const options = { stores, maxBytes: 0, isReplaceable: () => true, hasUpstream: true };
    const both = await Promise.all([1, 2].map(() => collect(options)));
    expect(both.filter((result) => result === undefined)).toHaveLength(1);
  });
});
