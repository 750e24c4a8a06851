/**
 * What every `VersionStore` promises, as a suite that each implementation runs (`version-store.test.ts`). What is a
 * capability is tested where it is there; the implementation says which ones it has, so that none gets lost.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { PART_KINDS, putBytes } from '../../src/store/version-store.js';
import type { ListedModule, OpenPart, Part, PartKind, VersionStore } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';

export interface VersionStoreSubject {
  name: string;
  /** A new, empty store. */
  open: () => Promise<VersionStore>;
  has: { positions: boolean; removal: boolean; listing: boolean };
  /** By so many milliseconds the clock that dates what is stored may be behind. Default: 50. */
  clockStepMs?: number;
}

const module = parseModulePath('example.com/Upper/mod');
const ZIP: Part = { module, version: 'v1.0.0-RC1', kind: 'zip' };

export function versionStoreContract({ name, open, has, clockStepMs = 50 }: VersionStoreSubject): void {
  describe(`VersionStore: ${name}`, () => {
    let store: VersionStore;
    beforeEach(async () => {
      store = await open();
    });

    const put = (kind: PartKind, content: string, version = ZIP.version): Promise<boolean> =>
      putBytes(store, { module, version, kind }, Buffer.from(content));
    const textOf = async (part: Part): Promise<string | undefined> => (await store.read(part))?.toString();

    it('has nothing at first', async () => {
      expect(await store.size(ZIP)).toBeUndefined();
      expect(await store.read(ZIP)).toBeUndefined();
      expect(await store.versions(module, 'zip')).toEqual([]);
      expect(await modulesOf(store)).toEqual([]);
      await expect(buffer(store.open(ZIP))).rejects.toThrow();
    });

    it.each(PART_KINDS)('gives back a %s as it was put', async (kind) => {
      await put(kind, '0123456789');
      const part = { ...ZIP, kind };
      expect(await store.size(part)).toBe(10);
      expect(await textOf(part)).toBe('0123456789');
      expect((await buffer(store.open(part))).toString()).toBe('0123456789');
      expect((await buffer(store.open(part, { start: 2, end: 4 }))).toString()).toBe('234');
    });

    it('gives back many pieces in their order', async () => {
      const piece = (i: number) => Buffer.alloc(100_000, i);
      await store.put(ZIP, async (sink) => {
        for (let i = 0; i < 20; i += 1) await written(sink, piece(i));
      });
      const expected = Buffer.concat(Array.from({ length: 20 }, (_, i) => piece(i)));
      expect((await store.read(ZIP))?.equals(expected)).toBe(true);
      expect(
        (await buffer(store.open(ZIP, { start: 99_999, end: 100_000 }))).equals(Buffer.from([0, 1])),
      ).toBe(true);
    });

    it('never replaces what it has', async () => {
      await put('mod', 'first');
      await put('mod', 'second');
      expect(await textOf({ ...ZIP, kind: 'mod' })).toBe('first');
    });

    it.each(['mod', 'zip'] as const)(
      'has writers of the same %s agree on one of them, whole',
      async (kind) => {
        const writers = ['a', 'b', 'c', 'd'];
        const isOurs = await Promise.all(writers.map((own) => put(kind, own.repeat(1_000))));
        const stored = await textOf({ ...ZIP, kind });
        expect(stored).toMatch(/^(a{1000}|b{1000}|c{1000}|d{1000})$/);
        // A caller that is told that its content is stored need not read it back.
        for (const own of writers.filter((_, i) => isOurs[i] === true)) {
          expect(stored).toBe(own.repeat(1_000));
        }
      },
    );

    it('shows nothing of a part before it is whole', async () => {
      let finish: () => void = () => undefined;
      const halfway = new Promise<void>((resolve) => (finish = resolve));
      const begun = new Promise<void>((resolve) => {
        const putting = store.put(ZIP, async (sink) => {
          await written(sink, Buffer.from('half'));
          resolve();
          await halfway;
          await written(sink, Buffer.from(' and half'));
        });
        done = putting;
      });
      await begun;
      expect([await store.size(ZIP), await store.read(ZIP), await store.versions(module, 'zip')]).toEqual([
        undefined,
        undefined,
        [],
      ]);
      finish();
      await done;
      expect(await textOf(ZIP)).toBe('half and half');
    });
    let done: Promise<unknown> | undefined;

    it('keeps nothing of a writer that fails, and takes the next one', async () => {
      const failing = store.put(ZIP, async (sink) => {
        await written(sink, Buffer.from('half'));
        throw new Error('the host went away');
      });
      await expect(failing).rejects.toThrow('the host went away');
      expect(await store.size(ZIP)).toBeUndefined();
      await put('zip', 'whole');
      expect(await textOf(ZIP)).toBe('whole');
    });

    it('takes a finished file, and leaves it where it is', async () => {
      const file = path.join(await tempDir('finished'), 'zip');
      await writeFile(file, 'PK');
      await store.putFile(ZIP, file);
      await store.putFile(ZIP, file);
      expect(await textOf(ZIP)).toBe('PK');
      await writeFile(file, '').catch(() => undefined);
    });

    it('lists versions by the part that is there, and modules in order', async () => {
      await put('info', '{}', 'v1.0.0');
      await put('info', '{}', 'v2.0.0+incompatible');
      await put('mod', 'module m\n', 'v3.0.0');
      for (const other of ['example.com/a', 'example.com/Upper/mod/v2']) {
        await putBytes(
          store,
          { module: parseModulePath(other), version: 'v2.0.0', kind: 'mod' },
          Buffer.from('m'),
        );
      }
      expect((await store.versions(module, 'info')).sort()).toEqual(['v1.0.0', 'v2.0.0+incompatible']);
      expect(await store.versions(module, 'mod')).toEqual(['v3.0.0']);
      expect((await modulesOf(store)).sort()).toEqual([
        'example.com/Upper/mod',
        'example.com/Upper/mod/v2',
        'example.com/a',
      ]);
    });

    it('can be probed, and is empty afterwards', async () => {
      await store.probe();
      expect(await modulesOf(store)).toEqual([]);
    });

    it('has the capabilities that it should have', () => {
      expect(store.positions !== undefined).toBe(has.positions);
      expect(store.removal !== undefined).toBe(has.removal);
      expect(store.listing !== undefined).toBe(has.listing);
    });

    if (has.positions) positionalReads(() => store);
    if (has.removal) removal(() => store);
    if (has.listing) listing(() => store, clockStepMs);
  });
}

function positionalReads(current: () => VersionStore): void {
  it('reads at any position, and no further than the end', async () => {
    const store = current();
    expect(await store.positions?.open(ZIP)).toBeUndefined();
    await putBytes(store, ZIP, Buffer.from('0123456789'));
    const part = await store.positions?.open(ZIP);
    expect(part?.size).toBe(10);
    if (part === undefined) return;
    expect([await readAt(part, 4, 3), await readAt(part, 4, 8), await readAt(part, 4, 10)]).toEqual([
      '3456',
      '89',
      '',
    ]);
    part.close();
  });

  it('goes on reading a part that is removed meanwhile', async () => {
    const store = current();
    await putBytes(store, ZIP, Buffer.from('0123456789'));
    const part = await store.positions?.open(ZIP);
    await store.removal?.remove(ZIP);
    expect(part && (await readAt(part, 10, 0))).toBe('0123456789');
    part?.close();
  });
}

function listing(current: () => VersionStore, clockStepMs: number): void {
  async function scan(known = new Map<string, string>()): Promise<ListedModule[]> {
    const found: ListedModule[] = [];
    for await (const listed of current().listing?.scan((module) => known.get(module)) ?? []) {
      found.push(listed);
    }
    return found;
  }

  it('lists what it holds, with the time of the first part', async () => {
    const store = current();
    expect(await scan()).toEqual([]);
    const before = Date.now();
    await putBytes(store, { ...ZIP, kind: 'info' }, Buffer.from('{}'));
    const after = Date.now() + 1;
    await putBytes(store, { ...ZIP, kind: 'ziphash' }, Buffer.from('h1:x'));
    await putBytes(store, { module, version: 'v2.0.0+incompatible', kind: 'mod' }, Buffer.from('module m'));
    const other = parseModulePath('example.com/other');
    await putBytes(store, { module: other, version: 'v1.0.0', kind: 'ziphash' }, Buffer.from('h1:x'));
    const [listed, ...more] = await scan();
    expect(more).toEqual([]); // a hash alone is nothing
    expect(listed?.module).toBe(module);
    const versions = [...(listed?.versions ?? [])].sort((a, b) => a.version.localeCompare(b.version));
    expect(versions.map(({ version }) => version)).toEqual([ZIP.version, 'v2.0.0+incompatible']);
    expect(versions[0]?.storedAt).toBeGreaterThan(before - clockStepMs);
    expect(versions[0]?.storedAt).toBeLessThan(after + clockStepMs);
  });

  it('leaves out the versions of a module only while nothing has changed', async () => {
    const store = current();
    await putBytes(store, { ...ZIP, kind: 'mod' }, Buffer.from('module m'));
    const [first] = await scan();
    const known = new Map(first?.state === undefined ? [] : [[first.module, first.state]]);
    await putBytes(store, { module, version: 'v1.1.0', kind: 'mod' }, Buffer.from('module m'));
    const [second] = await scan(known);
    expect(second?.versions?.map(({ version }) => version).sort()).toEqual([ZIP.version, 'v1.1.0']);
  });
}

function removal(current: () => VersionStore): void {
  it('says what each version takes, and since when it is there', async () => {
    const store = current();
    const before = Date.now() - 1_000;
    await putBytes(store, { ...ZIP, kind: 'mod' }, Buffer.from('module m\n'));
    await putBytes(store, ZIP, Buffer.alloc(1_000));
    await putBytes(store, { ...ZIP, version: 'v2.0.0', kind: 'mod' }, Buffer.from('m'));
    const usage = [];
    for await (const version of store.removal?.usage() ?? []) usage.push(version);
    expect(usage.sort((a, b) => b.bytes - a.bytes)).toMatchObject([
      { module, version: ZIP.version, bytes: 1_009 },
      { module, version: 'v2.0.0', bytes: 1 },
    ]);
    for (const { storedAt } of usage) expect(storedAt).toBeGreaterThan(before);
  });

  it('removes all parts of one version and of no other, and takes it again', async () => {
    const store = current();
    for (const kind of PART_KINDS) await putBytes(store, { ...ZIP, kind }, Buffer.from(kind));
    await putBytes(store, { ...ZIP, version: 'v2.0.0' }, Buffer.from('other'));
    expect(await store.removal?.remove(ZIP)).toBe(PART_KINDS.join('').length);
    expect(await store.removal?.remove(ZIP)).toBe(0);
    for (const kind of PART_KINDS) expect(await store.size({ ...ZIP, kind })).toBeUndefined();
    expect(await store.versions(module, 'zip')).toEqual(['v2.0.0']);
    await putBytes(store, ZIP, Buffer.from('again'));
    expect((await store.read(ZIP))?.toString()).toBe('again');
  });

  it('names no leftovers of writers that finished', async () => {
    const store = current();
    await putBytes(store, ZIP, Buffer.from('PK'));
    expect(await store.removal?.leftovers(module)).toEqual([]);
  });
}

async function modulesOf(store: VersionStore): Promise<string[]> {
  const modules: string[] = [];
  for await (const found of store.modules()) modules.push(found);
  return modules;
}

function written(sink: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function readAt(part: OpenPart, length: number, position: number): Promise<string> {
  const target = Buffer.alloc(length);
  return new Promise((resolve, reject) => {
    part.read(target, length, position, (error, count) =>
      error === null ? resolve(target.toString('utf8', 0, count)) : reject(error),
    );
  });
}
