/** What a lookup does: fetches, compares, records once, answers; with a real log and a real store. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { goModHash } from '../../../src/module/files/dirhash.js';
import type { CanonicalVersion } from '../../../src/module/version.js';
import { parseModulePath, type ModulePath } from '../../../src/module/module-path.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { putBytes, type PartKind, type VersionStore } from '../../../src/store/version-store.js';
import { createDatabase, type Database } from '../../../src/sumdb/log/database.js';
import { guardedStore, type Difference } from '../../../src/sumdb/log/guarded-store.js';
import type { ChecksumLog } from '../../../src/sumdb/log/log.js';
import { goSumLines, parseRecord, sumsIn, type GoSums } from '../../../src/sumdb/format/record.js';
import { openTree } from '../../../src/sumdb/format/tree-head.js';
import { tempDir } from '../../support/tmp.js';
import { NAME, logLab, type LogLab } from './log-lab.js';

const PRIVATE = parseModulePath('corp.test/lib');
const PUBLIC = parseModulePath('pub.test/Lib');
const MOD = Buffer.from('module m\n');

function zipHash(module: string, version: CanonicalVersion): string {
  return `h1:${Buffer.from(`${module}@${version}`.padEnd(32, '.').slice(-32)).toString('base64')}`;
}

function sumsOf(module: string, version: CanonicalVersion): GoSums {
  return { zip: zipHash(module, version), mod: goModHash(MOD) };
}

let lab: LogLab;
let log: ChecksumLog;
let store: VersionStore;
let fetched: string[];
let publicAsked: string[];
let publicSums: (module: ModulePath, version: CanonicalVersion) => Promise<GoSums>;
let database: Database;
const logger = { info: vi.fn(), error: vi.fn() };

beforeEach(async () => {
  lab = await logLab();
  log = lab.open();
  store = createDiskStore(join(await tempDir('store'), 'download'));
  fetched = [];
  isHung = false;
  publicAsked = [];
  logger.error.mockClear();
  publicSums = (module, version) => Promise.resolve(sumsOf(module, version));
  database = createDatabase({
    name: NAME,
    log: () => Promise.resolve(log),
    isPrivate: (module) => module.startsWith('corp.test/'),
    publicSums(module, version) {
      publicAsked.push(`${module}@${version}`);
      return publicSums(module, version);
    },
    modules: {
      list: () => Promise.resolve({ value: ['v1.0.0'], fromCache: true, immutable: false }),
      async mod(module, name) {
        const version = name as CanonicalVersion;
        await ensure(module, version, 'mod');
        return { value: await stored(module, version, 'mod'), fromCache: true, immutable: true };
      },
      async zip(module, name) {
        const version = name as CanonicalVersion;
        await ensure(module, version, 'zip');
        const hash = (await stored(module, version, 'ziphash')).toString();
        const open = () => Promise.reject(new Error('not needed'));
        return { fromCache: true, stored: () => Promise.resolve({ hash, open }) };
      },
    },
    disk: { run: (work) => (isHung ? Promise.reject(HUNG) : work()) },
    logger,
  });
});

const HUNG = new ModhavenError('STORAGE', 'the disk does not answer');
let isHung: boolean;

/** Stores a part of a version, unless it is stored. */
async function ensure(module: ModulePath, version: CanonicalVersion, kind: 'mod' | 'zip'): Promise<void> {
  if (version === 'v9.9.9') throw new ModhavenError('VERSION_NOT_FOUND', 'not found: no such version');
  if (version === 'v8.8.8') throw new ModhavenError('HOST_UNREACHABLE', 'the host is down');
  if ((await store.size({ module, version, kind })) !== undefined) return;
  fetched.push(`${module}@${version} ${kind}`);
  if (kind === 'zip') {
    await putBytes(
      store,
      { module, version, kind: 'ziphash' },
      Buffer.from(version === 'v7.7.7' ? 'no hash' : zipHash(module, version)),
    );
  }
  await putBytes(store, { module, version, kind }, kind === 'mod' ? MOD : Buffer.from('PK'));
}

async function stored(module: ModulePath, version: CanonicalVersion, kind: PartKind): Promise<Buffer> {
  const bytes = await store.read({ module, version, kind });
  if (bytes === undefined) throw new Error(`no .${kind} of ${module}@${version}`);
  return bytes;
}

async function lookup(path: string): Promise<{ number: number; record: string; size: number }> {
  const { body } = await database.get(`lookup/${path}`);
  const { number, record, rest } = parseRecord(body);
  return { number, record, size: openTree(rest, log.verifier).size };
}

describe('a lookup', () => {
  it('records a private version with the hashes of what is stored, and asks no server about it', async () => {
    expect(await lookup('corp.test/lib@v1.0.0')).toEqual({
      number: 0,
      record: goSumLines(PRIVATE, 'v1.0.0', sumsOf(PRIVATE, 'v1.0.0')),
      size: 1,
    });
    expect(publicAsked).toEqual([]);
    expect(lab.open().find(PRIVATE, 'v1.0.0')).toBe(0);
  });

  it('of what is recorded is answered while the disk hangs, and any other then refused', async () => {
    await lookup('corp.test/lib@v1.0.0');
    isHung = true;
    expect(await lookup('corp.test/lib@v1.0.0')).toMatchObject({ number: 0, size: 1 });
    for (const path of ['supported', 'latest', 'tile/8/0/000.p/1']) {
      expect(await database.get(path)).toMatchObject({ hit: true });
    }
    await expect(lookup('corp.test/lib@v1.0.1')).rejects.toBe(HUNG);
    isHung = false;
    expect(await lookup('corp.test/lib@v1.0.1')).toMatchObject({ number: 1, size: 2 });
  });

  it('records a version once, however many ask', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => lookup('corp.test/lib@v1.0.0')));
    expect(new Set(answers.map(({ number }) => number))).toEqual(new Set([0]));
    expect(fetched).toEqual(['corp.test/lib@v1.0.0 zip', 'corp.test/lib@v1.0.0 mod']);
    expect(await database.get('lookup/corp.test/lib@v1.0.0')).toMatchObject({
      hit: true,
      immutable: false,
    });
    expect(log.size()).toBe(1);
  });

  it('of many versions at the same time makes few commits', async () => {
    const versions = Array.from({ length: 100 }, (_, i) => `v1.0.${i}`);
    const answers = await Promise.all(versions.map((version) => lookup(`corp.test/lib@${version}`)));
    expect(new Set(answers.map(({ number }) => number)).size).toBe(100);
    expect((await readdir(join(lab.dir, 'commit'))).length).toBeLessThan(50);
  });

  it('records a public version that is what the public database has', async () => {
    expect(await lookup('pub.test/!lib@v1.0.0')).toMatchObject({ number: 0 });
    expect(publicAsked).toEqual(['pub.test/Lib@v1.0.0']);
    await lookup('pub.test/!lib@v1.0.0');
    expect(publicAsked).toHaveLength(1);
  });

  it.each(['zip', 'mod'] as const)('refuses a public version whose %s is another', async (part) => {
    const other = `h1:${'X'.repeat(43)}=`;
    publicSums = (module, version) => Promise.resolve({ ...sumsOf(module, version), [part]: other });
    await expect(lookup('pub.test/!lib@v1.0.0')).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining('refused: pub.test/Lib@v1.0.0') as string,
      reason: `the public database has ${other}, stored is ${sumsOf(PUBLIC, 'v1.0.0')[part]}`,
    });
    expect(log.size()).toBe(0);
    expect(logger.error).toHaveBeenCalledOnce();
  });

  it('does not record what the public database does not know, or cannot say', async () => {
    for (const code of ['MODULE_NOT_FOUND', 'HOST_TIMEOUT', 'CHECKSUM_DATABASE'] as const) {
      publicSums = () => Promise.reject(new ModhavenError(code, 'no'));
      await expect(lookup('pub.test/!lib@v1.0.0')).rejects.toMatchObject({ code });
    }
    expect(log.size()).toBe(0);
  });

  it('says what the module service says of what it cannot fetch', async () => {
    await expect(lookup('corp.test/lib@v9.9.9')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(lookup('corp.test/lib@v8.8.8')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(lookup('corp.test/lib@v7.7.7')).rejects.toMatchObject({ code: 'STORAGE' });
    expect(log.size()).toBe(0);
  });

  it('refuses an answer if another process recorded something else', async () => {
    const other = { ...sumsOf(PRIVATE, 'v1.0.0'), zip: `h1:${'Y'.repeat(43)}=` };
    await lab.open().append(goSumLines(PRIVATE, 'v1.0.0', other));
    await expect(lookup('corp.test/lib@v1.0.0')).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    expect(log.size()).toBe(1);
  });

  it.each([
    ['lookup/corp.test/lib@master', 'VERSION_NOT_FOUND'],
    ['lookup/corp.test/lib@v1.0', 'VERSION_NOT_FOUND'],
    ['lookup/corp.test/lib', 'INVALID_PATH'],
    ['lookup/corp.test/Lib@v1.0.0', 'INVALID_PATH'],
    ['lookup/corp.test/lib@-v1.0.0', 'INVALID_VERSION'],
    ['lookup/corp.test/lib@v1.0.0@v1.0.0', 'VERSION_NOT_FOUND'],
    ['tile/8/0/000', 'VERSION_NOT_FOUND'],
    ['tile/4/0/000.p/1', 'MODULE_NOT_FOUND'],
    ['anything', 'MODULE_NOT_FOUND'],
  ])('of %s is %s', async (path, code) => {
    await expect(database.get(path)).rejects.toMatchObject({ code });
  });

  it('comes with supported, latest and tiles', async () => {
    await lookup('corp.test/lib@v1.0.0');
    expect(await database.get('supported')).toMatchObject({ body: Buffer.alloc(0) });
    expect(openTree((await database.get('latest')).body, log.verifier).size).toBe(1);
    expect(await database.get('tile/8/0/000.p/1')).toMatchObject({ immutable: true });
    expect((await database.get('tile/8/data/000.p/1')).body.toString()).toContain('corp.test/lib v1.0.0 h1:');
  });
});

describe('a lookup without a login', () => {
  const PSEUDO = `lookup/pub.test/!lib@v1.0.1-0.20240102030405-0123456789ab`;

  it('records what the repository lists, and answers what is recorded', async () => {
    await expect(database.get('lookup/pub.test/!lib@v1.0.0', true)).resolves.toMatchObject({ hit: false });
    await expect(database.get(PSEUDO, true)).rejects.toMatchObject({ code: 'LOGIN_NEEDED' });
    expect(log.size()).toBe(1);
    await database.get(PSEUDO);
    await expect(database.get(PSEUDO, true)).resolves.toMatchObject({ hit: true });
  });
});

describe('a guarded store', () => {
  let differences: Difference[];
  let guarded: VersionStore;

  beforeEach(async () => {
    differences = [];
    await log.append(goSumLines(PRIVATE, 'v1.0.0', sumsOf(PRIVATE, 'v1.0.0')));
    guarded = guardedStore(store, {
      recorded: async (module, version) => {
        const number = log.find(module, version);
        return number === undefined ? undefined : sumsIn(await log.record(number), module, version);
      },
      published: (module, version) => {
        if (module !== PUBLIC) return Promise.resolve(undefined);
        if (version === 'v9.0.0') return Promise.reject(new ModhavenError('HOST_TIMEOUT', 'no answer'));
        return Promise.resolve(sumsOf(PUBLIC, version));
      },
      onDifference: (difference) => differences.push(difference),
    });
  });

  it('takes of a public version what the public database says, and nothing while that cannot be asked', async () => {
    const put = (version: CanonicalVersion, mod: Buffer) =>
      putBytes(guarded, { module: PUBLIC, version, kind: 'mod' }, mod);
    await expect(put('v1.0.0', Buffer.from('module poison\n'))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      reason: expect.stringContaining('the public database has h1:') as string,
      remedy: expect.stringContaining('upstream') as string,
    });
    await expect(put('v9.0.0', MOD)).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    expect(await store.versions(PUBLIC, 'mod')).toEqual([]);
    expect(differences).toHaveLength(1);
    await put('v1.0.0', MOD);
    expect(await store.versions(PUBLIC, 'mod')).toEqual(['v1.0.0']);
  });

  /** As a module service makes a zip: its hash is stored before the zip has its name. */
  async function putZip(version: CanonicalVersion, hash: string): Promise<void> {
    const zip = { module: PRIVATE, version, kind: 'zip' } as const;
    await guarded.put(zip, async (sink) => {
      sink.write('PK');
      await putBytes(guarded, { ...zip, kind: 'ziphash' }, Buffer.from(`${hash}\n`));
    });
  }

  it('takes what was recorded, and all of versions that were not', async () => {
    await putZip('v1.0.0', sumsOf(PRIVATE, 'v1.0.0').zip);
    await putBytes(guarded, { module: PRIVATE, version: 'v1.0.0', kind: 'mod' }, MOD);
    await putZip('v2.0.0', 'h1:whatever');
    expect(await guarded.versions(PRIVATE, 'zip')).toHaveLength(2);
    expect((await store.read({ module: PRIVATE, version: 'v1.0.0', kind: 'mod' }))?.equals(MOD)).toBe(true);
    expect(differences).toEqual([]);
  });

  it('refuses a zip or a go.mod that is another, and keeps nothing of it', async () => {
    const found = `h1:${'Z'.repeat(43)}=`;
    const { zip, mod } = sumsOf(PRIVATE, 'v1.0.0');
    await expect(putZip('v1.0.0', found)).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining('refused: corp.test/lib@v1.0.0: its zip') as string,
      reason: `recorded ${zip}, now ${found}`,
      remedy: expect.stringContaining('release a new version') as string,
    });
    const changed = Buffer.from('module other\n');
    const part = { module: PRIVATE, version: 'v1.0.0' as const, kind: 'mod' } as const;
    await expect(putBytes(guarded, part, changed)).rejects.toMatchObject({
      reason: `recorded ${mod}, now ${goModHash(changed)}`,
    });
    for (const kind of ['zip', 'ziphash', 'mod'] as const) {
      expect(await store.size({ ...part, kind })).toBeUndefined();
    }
    expect(differences.map((difference) => difference.part)).toEqual(['zip', 'mod']);
  });
});
