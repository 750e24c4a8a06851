/** What one copy does; from which layouts and with how many versions is in `import-versions.test.ts`. */
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { goModHash } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import {
  PART_KINDS,
  putBytes,
  type Part,
  type PartKind,
  type VersionStore,
} from '../../src/store/version-store.js';
import { copyVersion, type CopyOptions } from '../../src/transfer/copy-version.js';
import { storeWith } from '../support/stores/store-with.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, type MadeVersion } from '../support/stores/versions.js';

const MODULE = parseModulePath('ex.test/m');
const VERSION = 'v1.0.0';
const part = (kind: PartKind): Part => ({ module: MODULE, version: VERSION, kind });

let made: MadeVersion;
let source: VersionStore;
let target: VersionStore;
beforeEach(async () => {
  const dir = await tempDir('copy');
  [source, target] = [createDiskStore(`${dir}/from`), createDiskStore(`${dir}/to`)];
  made = await makeVersion(MODULE, VERSION);
  await fill(source);
});

async function fill(store: VersionStore, ...kinds: PartKind[]): Promise<void> {
  const content = { info: made.info, mod: made.mod, ziphash: Buffer.from(made.hash), zip: made.zip };
  for (const kind of kinds.length > 0 ? kinds : PART_KINDS) await putBytes(store, part(kind), content[kind]);
}

const copy = (options: Partial<CopyOptions> = {}) =>
  copyVersion(MODULE, VERSION, { source, target, ...options });

describe('copyVersion', () => {
  it('copies what is missing, the hash before the zip', async () => {
    const order: PartKind[] = [];
    const noting = storeWith(target, {
      put: (put, write) => {
        order.push(put.kind);
        return target.put(put, write);
      },
    });
    expect(await copy({ target: noting })).toMatchObject({
      outcome: 'added',
      added: ['info', 'mod', 'ziphash', 'zip'],
      faults: [],
    });
    expect(order).toEqual(['info', 'mod', 'ziphash', 'zip']);
    expect(await buffer(target.open(part('zip')))).toEqual(made.zip);
    expect(await copy()).toMatchObject({ outcome: 'same', added: [] });
  });

  it('tells a zip that is damaged at the target, and takes one that is only packed otherwise', async () => {
    await fill(target, 'info', 'mod', 'ziphash');
    await putBytes(target, part('zip'), Buffer.concat([made.zip, Buffer.from('x')]));
    expect(await copy()).toMatchObject({
      outcome: 'different',
      faults: [{ part: 'zip', problem: expect.stringMatching(/^is damaged there: /) as string }],
    });
  });

  it('adds to a part of a version', async () => {
    await fill(target, 'info', 'mod');
    expect(await copy()).toMatchObject({ outcome: 'added', added: ['ziphash', 'zip'] });
  });

  it('only says what it would do in a dry run', async () => {
    expect(await copy({ dryRun: true })).toMatchObject({
      outcome: 'added',
      added: ['info', 'mod', 'ziphash', 'zip'],
    });
    for (const kind of PART_KINDS) expect(await target.size(part(kind))).toBeUndefined();
  });

  it('copies the bytes of what could not be put into place otherwise', async () => {
    const placed: PartKind[] = [];
    const place = ({ kind }: Part) => {
      placed.push(kind);
      return Promise.resolve(kind === 'zip');
    };
    expect(await copy({ place })).toMatchObject({ outcome: 'added' });
    expect(placed).toEqual(['info', 'mod', 'ziphash', 'zip']);
    expect(await target.size(part('mod'))).toBe(made.mod.length);
    expect(await target.size(part('zip'))).toBeUndefined();
  });

  it('leaves another content at the target, and says what it is', async () => {
    const other = await makeVersion(MODULE, VERSION, { 'go.mod': `module ${MODULE}\n\ngo 1.20\n` });
    await putBytes(target, part('mod'), other.mod);
    await putBytes(target, part('ziphash'), Buffer.from(`${other.hash}\n`));
    expect(await copy()).toMatchObject({
      outcome: 'different',
      added: [],
      faults: [
        { part: 'mod', problem: 'is another one there' },
        { part: 'zip', problem: `is ${made.hash} here and ${other.hash} there` },
      ],
    });
    expect(await target.size(part('zip'))).toBeUndefined();
  });

  it.each([
    [{ Version: VERSION }, undefined],
    [{ Version: VERSION, Time: '2024-01-02T04:04:05+01:00' }, undefined],
    [
      { Version: VERSION, Time: '2020-01-02T03:04:05Z' },
      'has the time 2024-01-02T03:04:05Z here and 2020-01-02T03:04:05Z there',
    ],
  ])('compares what both sides say of a version: %j', async (info, problem) => {
    await putBytes(target, part('info'), Buffer.from(JSON.stringify(info)));
    expect((await copy()).faults).toEqual(problem === undefined ? [] : [{ part: 'info', problem }]);
  });

  describe('with recorded hashes', () => {
    const zip = (hash: string) => ({ kind: 'zip' as const, hash, place: 'go.sum:1' });
    const mod = (hash: string) => ({ kind: 'mod' as const, hash, place: 'go.sum:2' });

    it('takes a version that has them, and hashes of a kind that it does not know', async () => {
      const recorded = () => Promise.resolve([zip(made.hash), mod(goModHash(made.mod)), zip('h2:x=')]);
      expect(await copy({ recorded })).toMatchObject({ outcome: 'added', faults: [] });
    });

    it('takes a version with another hash for damaged, and copies nothing', async () => {
      const recorded = () => Promise.resolve([zip('h1:x='), mod('h1:y=')]);
      expect(await copy({ recorded })).toMatchObject({
        outcome: 'damaged',
        faults: [
          { part: 'zip', problem: `is ${made.hash}, go.sum:1 records h1:x=` },
          { part: 'mod', problem: `is ${goModHash(made.mod)}, go.sum:2 records h1:y=` },
        ],
      });
      expect(await target.size(part('info'))).toBeUndefined();
    });
  });

  it('leaves a version without go.mod out', async () => {
    source = createDiskStore(await tempDir('info-only'));
    await fill(source, 'info');
    expect(await copy()).toMatchObject({ outcome: 'incomplete', added: [] });
  });

  it('stores no zip that changed while it was copied', async () => {
    let reads = 0;
    const changing = storeWith(source, {
      open: (asked, range) =>
        source.open(asked, ++reads > 1 && range === undefined ? { start: 0, end: 9 } : range),
    });
    const result = await copy({ source: changing }).catch((error: unknown) => String(error));
    expect(await target.size(part('zip'))).toBeUndefined();
    expect(JSON.stringify(result)).not.toContain('"outcome":"added"');
  });
});
