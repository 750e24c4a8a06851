/**
 * Faults of the disk at every operation of what writes below `cache.dir`: what is there afterwards is whole or not there,
 * its writer is told in words, and the same can be done again.
 */
import { FAULT_CODES, eachFault, type FaultyWork } from '../support/process/faulty-fs.js';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { errorMessage, isModhavenError } from '../../src/errors.js';
import { collect } from '../../src/gc/collect.js';
import { appendAudit } from '../../src/log/audit-file.js';
import { LineFile } from '../../src/log/line-file.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { LastUse } from '../../src/store/last-use.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { purge } from '../../src/store/purge.js';
import { PART_KINDS, putBytes, type ModuleVersion, type PartKind } from '../../src/store/version-store.js';
import { allVersions, importVersions } from '../../src/transfer/import-versions.js';
import { generateKey, parseSignerKey } from '../../src/sumdb/format/note.js';
import { openLog } from '../../src/sumdb/log/log.js';
import { record } from '../sumdb/log/log-lab.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, writeProxyTree, type MadeVersion } from '../support/stores/versions.js';

const VERSION = 'v1.0.0' as CanonicalVersion;
/** More than is written at once. */
const LARGE = { 'a.go': 'package a\n', 'b.bin': noise(90_000) };

function noise(size: number): string {
  let seed = 1;
  return Array.from({ length: size }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return String.fromCharCode(32 + (seed % 90));
  }).join('');
}

const made = await makeVersion('priv.test/m', VERSION, LARGE);
const open = await makeVersion('pub.test/m', VERSION, LARGE);
const other = await makeVersion('pub.test/m', VERSION, { 'a.go': 'package other\n' });

const silent = { info: () => undefined, warn: () => undefined };
/** A checksum database of 250 records. */
const log = await (async () => {
  const dir = await tempDir('log');
  const signer = parseSignerKey(generateKey('sum.ex.test').signerKey);
  const made = openLog(
    { dir: path.join(dir, 'log'), witnessFile: path.join(dir, 'witness') },
    signer,
    silent,
  );
  await Promise.all(Array.from({ length: 250 }, (_, n) => made.append(record(n))));
  return { dir, signer };
})();

const nameOf = ({ module }: MadeVersion): ModuleVersion => ({
  module: parseModulePath(module),
  version: VERSION,
});
const contentOf = (version: MadeVersion, kind: PartKind): Buffer =>
  kind === 'ziphash' ? Buffer.from(version.hash) : version[kind];

/** In the order in which a fetch does. */
async function store({ versions }: Stores, version: MadeVersion): Promise<void> {
  for (const kind of PART_KINDS) {
    await putBytes(versions, { ...nameOf(version), kind }, contentOf(version, kind));
  }
}

/** What a server that starts now would give out, part by part; every part of it is whole. */
async function served(dir: string, version: MadeVersion): Promise<PartKind[]> {
  const { versions } = openStores({ cacheDir: dir });
  const there: PartKind[] = [];
  for (const kind of PART_KINDS) {
    const bytes = await versions.read({ ...nameOf(version), kind });
    if (bytes === undefined) continue;
    expect([kind, bytes.equals(contentOf(version, kind))]).toEqual([kind, true]);
    there.push(kind);
  }
  return there;
}

async function expectStored(dir: string, version: MadeVersion): Promise<void> {
  await store(openStores({ cacheDir: dir }), version);
  expect(await served(dir, version)).toEqual(PART_KINDS);
}

/** Nothing but what can be told to a caller. */
function expectTold(failure: unknown): void {
  if (failure === undefined) return;
  expect([isModhavenError(failure, 'STORAGE'), errorMessage(failure)]).toEqual([true, errorMessage(failure)]);
}

const WORKS: Record<string, (dir: string) => Promise<FaultyWork>> = {
  'storing a version': async (dir) => {
    const stores = openStores({ cacheDir: dir });
    return Promise.resolve({
      work: () => store(stores, made),
      judge: async (failure) => {
        expectTold(failure);
        const there = await served(dir, made);
        if (failure === undefined) expect(there).toEqual(PART_KINDS);
        if (there.includes('zip')) expect(there).toContain('ziphash');
        await expectStored(dir, made);
      },
    });
  },

  'reading a version for the first time': async (dir) => {
    await store(openStores({ cacheDir: dir }), made);
    const { versions } = openStores({ cacheDir: dir });
    return {
      work: async () => {
        for (const kind of PART_KINDS) {
          const bytes = await versions.read({ ...nameOf(made), kind });
          if (bytes !== undefined) expect(bytes.equals(contentOf(made, kind))).toBe(true);
        }
      },
      judge: async (failure) => {
        expectTold(failure);
        await expectStored(dir, made);
      },
    };
  },

  'replacing what an origin said': async (dir) => {
    const { privateAnswers } = openStores({ cacheDir: dir });
    const name = 'priv.test/m/@v/list';
    await privateAnswers.replace(name, Buffer.from('old\n'.repeat(50_000)), { asOf: 1_000 });
    const next = Buffer.from('new\n'.repeat(50_000));
    return {
      work: () => privateAnswers.replace(name, next, { asOf: 2_000 }),
      judge: async (failure) => {
        expectTold(failure);
        const found = await privateAnswers.get(name);
        // Its time is that of what it holds, or a restart would take the old one for fresh.
        const isNew = found?.bytes.equals(next) === true;
        expect([found?.bytes.length, found?.asOf]).toEqual([next.length, isNew ? 2_000 : 1_000]);
        if (failure === undefined) expect(isNew).toBe(true);
        await privateAnswers.replace(name, next);
        expect((await privateAnswers.get(name))?.bytes.equals(next)).toBe(true);
      },
    };
  },

  'purging a version': async (dir) => {
    const stores = openStores({ cacheDir: dir });
    await store(stores, open);
    return {
      work: () => purge(stores, nameOf(open)),
      judge: async (failure) => {
        expectTold(failure);
        const there = await served(dir, open);
        if (failure === undefined) expect(there).toEqual([]);
        // Whatever is gone cannot come back with another content.
        if (!there.includes('zip')) {
          await expect(store(openStores({ cacheDir: dir }), other)).rejects.toMatchObject({
            code: 'CHECKSUM_MISMATCH',
          });
        }
        await expectStored(dir, open);
        await purge(openStores({ cacheDir: dir }), nameOf(open));
        expect(await served(dir, open)).toEqual([]);
      },
    };
  },

  'making room': async (dir) => {
    const opened = openStores({ cacheDir: dir });
    const stores = { ...opened, lastUse: new LastUse(opened.layout.usage, { lateWriterMs: 0 }) };
    await store(stores, made);
    await store(stores, open);
    stores.lastUse.note(open.module, VERSION);
    await stores.lastUse.flush();
    await stores.fetched.putIfAbsent(`${open.module}/@fetched`, Buffer.from(`${VERSION} 1 server\n`));
    await stores.upstream.replace(`${open.module}/@v/list`, Buffer.from(`${VERSION}\n`));
    const mirror = path.join(dir, 'vcs', 'a'.repeat(64));
    const pack = path.join(mirror, 'content.git/objects/pack/pack-1.pack');
    for (const folder of [
      path.dirname(pack),
      path.join(mirror, 'trees.git'),
      path.join(mirror, 'history.git'),
    ]) {
      await mkdir(folder, { recursive: true });
    }
    await writeFile(pack, 'x'.repeat(1_000));
    const run = () =>
      collect({
        stores,
        maxBytes: 0,
        hasUpstream: true,
        isReplaceable: (module) => module.startsWith('pub.'),
      });
    return {
      work: run,
      judge: async (failure) => {
        expectTold(failure);
        expect(await served(dir, made)).toEqual(PART_KINDS);
        const there = await served(dir, open);
        if (!there.includes('zip')) {
          await expect(store(openStores({ cacheDir: dir }), other)).rejects.toMatchObject({
            code: 'CHECKSUM_MISMATCH',
          });
        }
        // One that could not be removed is taken over half a minute later.
        await rm(path.join(dir, 'gc.lock'), { recursive: true, force: true });
        await run();
        expect([await served(dir, open), existsSync(pack)]).toEqual([[], false]);
        expect(await served(dir, made)).toEqual(PART_KINDS);
      },
    };
  },

  'importing versions': async (dir) => {
    const tree = await tempDir('tree');
    await writeProxyTree(tree, made, open);
    const source = createDiskStore(tree);
    const run = async () => {
      const { versions } = openStores({ cacheDir: dir });
      const copied = await importVersions(await allVersions(source), { source, store: versions });
      return copied.map(({ outcome }) => outcome);
    };
    return {
      work: run,
      judge: async (failure) => {
        expectTold(failure);
        for (const version of [made, open]) {
          const there = await served(dir, version);
          if (there.includes('zip')) expect(there).toContain('ziphash');
        }
        for (const outcome of await run()) expect(['added', 'same']).toContain(outcome);
        for (const version of [made, open]) expect(await served(dir, version)).toEqual(PART_KINDS);
      },
    };
  },

  'noting uses': async (dir) => {
    const lastUse = new LastUse(path.join(dir, 'usage'), { lateWriterMs: 0 });
    lastUse.note('priv.test/before', VERSION);
    await lastUse.flush();
    return {
      work: async () => {
        lastUse.note(made.module, VERSION);
        await lastUse.flush();
        await lastUse.compact(() => true);
      },
      judge: async (failure) => {
        expectTold(failure);
        await lastUse.flush();
        await lastUse.compact(() => true);
        const kept = await openStores({ cacheDir: dir }).lastUse.all();
        // The beginning of a line that was torn names no version that is stored.
        for (const module of ['priv.test/before', made.module]) {
          expect(kept.has(`${module}@${VERSION}`)).toBe(true);
        }
      },
    };
  },

  'appending to the checksum database': async (dir) => {
    await cp(log.dir, dir, { recursive: true });
    const place = { dir: path.join(dir, 'log'), witnessFile: path.join(dir, 'witness') };
    const appending = openLog(place, log.signer, silent);
    return {
      // A tile is full behind the sixth.
      work: async () => {
        for (let n = 250; n < 258; n += 1) await appending.append(record(n));
      },
      judge: async (failure) => {
        expectTold(failure);
        // One that goes on and one that starts now agree.
        await appending.append(record(300));
        const next = openLog(place, log.signer, silent);
        expect(next.size()).toBe(appending.size());
        for (let n = 0; n < 250; n += 1) expect(await next.record(n)).toBe(record(n));
        if (failure === undefined) expect(next.size()).toBe(259);
      },
    };
  },

  'writing lines': async (dir) => {
    const file = path.join(dir, 'access.log');
    const told: object[] = [];
    const lines = new LineFile({ file: () => file, onState: (problem) => told.push(problem) });
    return Promise.resolve({
      work: async () => {
        for (const line of ['one\n', 'two\n']) {
          lines.write(line);
          await lines.flush();
        }
      },
      judge: async (failure) => {
        expect(failure).toBeUndefined();
        lines.write('last\n');
        await lines.flush();
        const text = await readFile(file, 'utf8');
        expect(text.endsWith('last\n')).toBe(true);
        expect(text === 'one\ntwo\nlast\n' || told.length > 0).toBe(true);
      },
    });
  },

  'writing the audit file': async (dir) => {
    const file = path.join(dir, 'audit');
    return Promise.resolve({
      work: () => appendAudit(file, { event: 'read' }),
      judge: async (failure) => {
        await appendAudit(file, { event: 'purge' });
        const text = await readFile(file, 'utf8');
        expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ event: 'purge' });
        if (failure === undefined) expect(text).toMatch(/^\{"time":"[^"]*","event":"read"\}\n/);
      },
    });
  },
};

it.each(Object.entries(WORKS))('%s, with a fault at each operation', async (_, prepare) => {
  const faults: number[] = [];
  for (const code of FAULT_CODES) faults.push(await eachFault(code, prepare));
  expect(Math.max(...faults)).toBeGreaterThan(0);
});
