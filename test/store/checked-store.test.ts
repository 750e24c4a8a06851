/** That nothing is given out but what was stored, with real zips on a real disk. */
import { mkdir, readFile, readdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { hash1 } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { partFile } from '../../src/store/disk-tree.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { PART_KINDS, putBytes, type Part, type PartKind } from '../../src/store/version-store.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { createHash } from 'node:crypto';
import { tempDir } from '../support/tmp.js';

const module = parseModulePath('corp.test/lib');
const VERSION = 'v1.2.0';
const partOf = (kind: PartKind): Part => ({ module, version: VERSION, kind });
const MOD = `module ${module}\n\ngo 1.20\n\nrequire example.com/x v1.0.0\n`;
const INFO = JSON.stringify({
  Version: VERSION,
  Time: '2024-03-01T12:00:00Z',
  Origin: { VCS: 'git', Hash: 'a'.repeat(40) },
});

let cacheDir: string;
/** As the server that stored the version sees it. */
let before: Stores;
const logged: object[] = [];

/** What a server sees that is started now. */
const restarted = (): Stores =>
  openStores({ cacheDir }, { info: () => undefined, error: (details) => logged.push(details) });
const fileOf = (kind: PartKind): string => partFile(join(cacheDir, 'download'), partOf(kind));

async function storeVersion(stores: Stores, content = 'package lib\n'): Promise<void> {
  const name = `${module}@${VERSION}/lib.go`;
  const sha256 = createHash('sha256').update(content).digest('hex');
  await putBytes(stores.versions, partOf('info'), Buffer.from(INFO));
  await putBytes(stores.versions, partOf('mod'), Buffer.from(MOD));
  await putBytes(stores.versions, partOf('ziphash'), Buffer.from(hash1([{ name, sha256 }])));
  await stores.versions.put(partOf('zip'), async (sink) => {
    const zip = createZipWriter(sink);
    await zip.addBuffer(name, Buffer.from(content));
    await zip.finish();
  });
}

beforeEach(async () => {
  cacheDir = await tempDir('checked');
  logged.length = 0;
  before = restarted();
  await storeVersion(before);
});

describe('a store that is opened again', () => {
  it('gives out what is as it was', async () => {
    const { versions, damage } = restarted();
    expect((await versions.read(partOf('mod')))?.toString()).toBe(MOD);
    expect((await versions.read(partOf('info')))?.toString()).toBe(INFO);
    expect(await versions.size(partOf('zip'))).toBeGreaterThan(100);
    const open = await versions.positions?.open(partOf('zip'));
    expect(open?.size).toBe(await versions.size(partOf('zip')));
    open?.close();
    expect(damage.report().count).toBe(0);
  });

  const damages: [name: string, kind: PartKind, change: (content: Buffer) => Buffer][] = [
    ['an empty zip', 'zip', () => Buffer.alloc(0)],
    ['a zip that was cut', 'zip', (zip) => zip.subarray(0, zip.length - 30)],
    ['a zip with another byte', 'zip', (zip) => Buffer.from(zip).fill(0x7a, 60, 61)],
    ['garbage for a zip', 'zip', (zip) => Buffer.alloc(zip.length, 'garbage')],
    ['an empty info', 'info', () => Buffer.alloc(0)],
    ['an info that was cut', 'info', (info) => info.subarray(0, 30)],
    ['the info of another version', 'info', () => Buffer.from('{"Version":"v1.3.0"}')],
    ['an info that names another commit', 'info', () => Buffer.from(INFO.replaceAll('aaaa', 'bbbb'))],
    ['an empty mod', 'mod', () => Buffer.alloc(0)],
    ['a mod that was cut at the end of a line', 'mod', () => Buffer.from(`module ${module}\n`)],
    ['zeros for a mod', 'mod', (mod) => Buffer.alloc(mod.length)],
  ];
  it.each(damages)('does not give out %s, moves it away and says so', async (_name, kind, change) => {
    const good = await readFile(fileOf(kind));
    await writeFile(fileOf(kind), change(good));
    const { versions, damage } = restarted();
    expect(await versions.size(partOf(kind))).toBeUndefined();
    expect(await versions.read(partOf(kind))).toBeUndefined();
    expect(await versions.positions?.open(partOf(kind))).toBeUndefined();
    expect(damage.report()).toMatchObject({ count: 1, newest: [{ module, version: VERSION, part: kind }] });
    expect(logged).toMatchObject([{ module, version: VERSION, part: kind }]);
    expect(await readdir(join(cacheDir, 'damaged', module, '@v'))).toHaveLength(1);
    for (const other of PART_KINDS) {
      if (other !== kind) expect(await versions.read(partOf(other))).toBeDefined();
    }

    // The same content may come back, any other may not.
    await storeVersion(restarted());
    expect((await restarted().versions.read(partOf(kind)))?.equals(good)).toBe(true);
  });

  it.each(
    PART_KINDS.flatMap((kind) => [
      { kind, what: 'a folder', put: (file: string) => mkdir(join(file, 'below'), { recursive: true }) },
      { kind, what: 'a link to itself', put: (file: string) => symlink(basename(file), file) },
    ]),
  )('moves away $what in place of the $kind, and takes the part again', async ({ kind, put }) => {
    const good = await readFile(fileOf(kind));
    await rm(fileOf(kind));
    await put(fileOf(kind));
    const { versions, damage } = restarted();
    if (kind === 'ziphash') expect(await versions.size(partOf('zip'))).toBeGreaterThan(100);
    else expect(await versions.read(partOf(kind))).toBeUndefined();
    expect(damage.report()).toMatchObject({
      count: 1,
      newest: [{ part: kind, problem: 'it is not a file' }],
    });
    await storeVersion(restarted());
    expect((await restarted().versions.read(partOf(kind)))?.equals(good)).toBe(true);
  });

  it.each([
    ['info', INFO.replaceAll('aaaa', 'cccc')],
    ['mod', `${MOD}// changed\n`],
    ['ziphash', `h1:${Buffer.alloc(32, 9).toString('base64')}`],
  ] as const)('takes no other %s in the place of a damaged version', async (kind, other) => {
    await truncate(fileOf('zip'), 10);
    const { versions } = restarted();
    expect(await versions.size(partOf('zip'))).toBeUndefined();
    await expect(putBytes(versions, partOf(kind), Buffer.from(other))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining(`refused: ${module}@${VERSION}`) as string,
    });
  });

  it.each([
    ['empty', ''],
    ['garbage', '\u0000\r\nX: y'],
    ['another hash', `h1:${Buffer.alloc(32).toString('base64')}`],
  ])('writes the hash of a good zip again where it is %s', async (_name, content) => {
    const good = await readFile(fileOf('ziphash'), 'utf8');
    await writeFile(fileOf('ziphash'), content);
    const { versions } = restarted();
    const [open, hash] = await Promise.all([
      versions.positions?.open(partOf('zip')),
      versions.read(partOf('ziphash')),
    ]);
    expect(open).toBeDefined();
    open?.close();
    expect(hash?.toString()).toBe(good);
  });

  it('knows what was stored, whatever the clock of the disk says', async () => {
    cacheDir = await tempDir('clock');
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    await storeVersion(restarted());
    clock.mockRestore();
    // It is a good one by itself.
    await writeFile(fileOf('mod'), `module ${module}\n`);
    expect(await restarted().versions.read(partOf('mod'))).toBeUndefined();
  });

  it('judges files of which nothing was recorded by themselves', async () => {
    await rm(join(cacheDir, 'sums'), { recursive: true });
    expect((await restarted().versions.read(partOf('mod')))?.toString()).toBe(MOD);
    await writeFile(fileOf('mod'), 'module');
    await truncate(fileOf('zip'), 50);
    const { versions } = restarted();
    expect([await versions.size(partOf('mod')), await versions.size(partOf('zip'))]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await versions.size(partOf('info'))).toBe(INFO.length);
  });

  it('notices a file that changes while it runs, and what came under its name', async () => {
    const { versions } = restarted();
    expect(await versions.size(partOf('zip'))).toBeDefined();
    await truncate(fileOf('zip'), 40);
    expect(await versions.size(partOf('zip'))).toBeUndefined();
    await storeVersion(before);
    expect(await versions.size(partOf('zip'))).toBeDefined();
  });

  it.each(['info', 'mod', 'ziphash'] as const)(
    'reads nothing of a .%s that is gigabytes large',
    async (kind) => {
      await truncate(fileOf(kind), 3 * 2 ** 30); // takes no room on the disk
      const { versions, damage } = restarted();
      const read = await versions.read(partOf(kind));
      // Beside a good zip its hash is written again.
      if (kind === 'ziphash') expect(read?.toString()).toMatch(/^h1:/);
      else expect(read).toBeUndefined();
      expect(damage.report()).toMatchObject({
        count: 1,
        newest: [{ part: kind, problem: 'it is larger than 32 MiB' }],
      });
    },
  );

  it('writes the hash of a good zip again that another process removed, without a restart', async () => {
    const good = await readFile(fileOf('ziphash'), 'utf8');
    await rm(fileOf('ziphash'));
    expect((await before.versions.read(partOf('ziphash')))?.toString()).toBe(good);
    expect(await readFile(fileOf('ziphash'), 'utf8')).toBe(good);
  });

  it('lets a new zip have its own hash where a killed process left another', async () => {
    await rm(fileOf('zip'));
    await rm(fileOf('ziphash'));
    await writeFile(fileOf('ziphash'), `h1:${Buffer.alloc(32, 7).toString('base64')}`);
    await rm(join(cacheDir, 'sums'), { recursive: true });
    await storeVersion(restarted());
    expect((await restarted().versions.read(partOf('ziphash')))?.toString()).toBe(
      await readFile(fileOf('ziphash'), 'utf8'),
    );
    expect(await restarted().versions.size(partOf('zip'))).toBeDefined();
  });
});

describe('the slow check of all that is stored', () => {
  /** What a disk does that loses bits: the file has another byte, and looks as before. */
  async function writeAgain(kind: PartKind, flipped: number): Promise<void> {
    const bytes = await readFile(fileOf(kind));
    await writeFile(fileOf(kind), bytes.fill(bytes.readUInt8(60) ^ flipped, 60, 61));
    await utimes(fileOf(kind), 1e9, 1e9);
  }

  it.each(['zip', 'info'] as const)('finds a %s that lost a bit since it was checked', async (kind) => {
    await writeAgain(kind, 0);
    const { versions, checked, damage } = restarted();
    expect(await versions.size(partOf(kind))).toBeGreaterThan(60);
    await writeAgain(kind, 1);
    expect(await versions.size(partOf(kind))).toBeGreaterThan(60);
    expect(await checked.checkAgain(partOf(kind))).toBe(false);
    expect(await versions.size(partOf(kind))).toBeUndefined();
    expect(damage.report().count).toBe(1);
  });

  it('keeps no reader waiting, and finds nothing wrong with what is gone', async () => {
    const { versions, checked } = restarted();
    expect(await versions.size(partOf('zip'))).toBeDefined();
    let isChecked = false;
    const check = checked.checkAgain(partOf('zip')).then((isGood) => (isChecked = isGood));
    expect(await versions.size(partOf('zip'))).toBeDefined();
    expect(isChecked).toBe(false);
    expect(await check).toBe(true);
    await rm(fileOf('zip'));
    expect(await checked.checkAgain(partOf('zip'))).toBe(true);
  });
});
