import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { putBytes, type PartKind } from '../../src/store/version-store.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { readLocalFiles } from '../../src/vcs/read-local.js';
import type { StoredFault } from '../../src/verify/faults.js';
import { checkStored, storedVersions, type LocalFiles } from '../../src/verify/stored.js';
import { zipHash } from '../conformance/module-hash.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { labModule, moveLab, type MoveLab } from './move-lab.js';
import { hashOf } from '../support/git/git-names.js';

const VERSION = 'v1.0.0';
const NO_MIRROR: LocalFiles = () => Promise.resolve(undefined);

describe.skipIf(missing('git'))('checkStored', () => {
  let lab: MoveLab;
  const module = labModule('same');
  /** The stored files as they were fetched. */
  const originals = new Map<PartKind, Buffer>();

  function file(kind: PartKind): string {
    return path.join(lab.dir, `data/download/my.corp/same/@v/${VERSION}.${kind}`);
  }

  beforeAll(async () => {
    lab = await moveLab();
    await lab.fetch(`same@${VERSION}`);
    for (const kind of ['info', 'mod', 'zip', 'ziphash'] as const) {
      originals.set(kind, await readFile(file(kind)));
    }
  });
  afterAll(() => lab.stop());
  beforeEach(async () => {
    for (const [kind, content] of originals) await writeFile(file(kind), content);
  });

  async function check(options: { isPrivate?: boolean; mirror?: boolean } = {}): Promise<StoredFault[]> {
    const vcs = path.join(lab.dir, 'data/vcs');
    const fromMirror: LocalFiles = (_module, { URL, Hash }, paths) =>
      readLocalFiles(vcs, parseRepoUrl(URL, '/'), hashOf(Hash ?? ''), paths);
    const { faults } = await checkStored(lab.store, module, VERSION, {
      isPrivate: options.isPrivate ?? true,
      localFiles: options.mirror === true ? fromMirror : NO_MIRROR,
    });
    return faults;
  }

  /** Changes one byte of the zip, at the place where `marker` stands. */
  async function flip(marker: Buffer, offset: number): Promise<void> {
    const zip = Buffer.from(originals.get('zip') ?? '');
    const at = zip.indexOf(marker) + offset;
    zip.writeUInt8(zip.readUInt8(at) ^ 1, at);
    await writeFile(file('zip'), zip);
  }

  it('finds nothing wrong with what was fetched, with and without a mirror', async () => {
    expect(await check()).toEqual([]);
    expect(await check({ mirror: true })).toEqual([]);
    expect(await check({ isPrivate: false })).toEqual([]);
  });

  it('finds a changed byte in the content of a file', async () => {
    await flip(Buffer.from('package same'), 0);
    const [fault, ...more] = await check();
    expect(more).toEqual([]);
    expect(fault?.part).toBe('zip');
    expect(fault?.problem).toMatch(/checksum of my\.corp\/same@v1\.0\.0\/same\.go is wrong/);
  });

  it('finds a changed byte in a checksum of the directory, for which go refuses the zip', async () => {
    await flip(Buffer.from('PK\x01\x02'), 16);
    expect(await check()).toEqual([
      { part: 'zip', problem: expect.stringContaining('checksum of') as string },
    ]);
  });

  it('finds content that changed together with its checksum', async () => {
    const store = createDiskStore(await tempDir('store'));
    const part = { module, version: VERSION, kind: 'zip' } as const;
    await store.put(part, async (sink) => {
      const writer = createZipWriter(sink);
      await writer.addBuffer(`${module}@${VERSION}/same.go`, Buffer.from('package other\n'));
      await writer.finish();
    });
    const zip = await store.read(part);
    await writeFile(file('zip'), zip ?? '');
    const faults = await check({ mirror: true });
    const problem = `is ${await zipHash(zip ?? Buffer.alloc(0))}, recorded is ${String(originals.get('ziphash'))}`;
    expect(faults).toEqual([{ part: 'zip', problem }]);
  });

  it.each([0, 1, 30, 200])('finds a zip that is cut off after %i bytes', async (size) => {
    await truncate(file('zip'), size);
    expect((await check()).map(({ part }) => part)).toEqual(['zip']);
  });

  it('finds bytes after the end of a zip', async () => {
    await appendFile(file('zip'), 'more');
    expect((await check()).map(({ part }) => part)).toEqual(['zip']);
  });

  it('finds a changed .ziphash', async () => {
    await writeFile(file('ziphash'), 'h1:AAAA');
    const problem = `is ${String(originals.get('ziphash'))}, recorded is h1:AAAA`;
    expect(await check()).toEqual([{ part: 'zip', problem }]);
  });

  it('finds a zip without its .ziphash', async () => {
    await rm(file('ziphash'));
    const problem = `is missing; the zip is ${String(originals.get('ziphash'))}`;
    expect(await check()).toEqual([{ part: 'ziphash', problem }]);
  });

  it.each([
    { name: 'not JSON', content: '{', problem: /^is not JSON: / },
    { name: 'no object', content: '[]', problem: /^is not an \.info$/ },
    {
      name: 'another version',
      content: '{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}',
      problem: /^is about version "v1\.0\.1"$/,
    },
    { name: 'no time', content: '{"Version":"v1.0.0","Time":"soon"}', problem: /^has no valid time$/ },
    {
      name: 'a time that go does not read',
      content: '{"Version":"v1.0.0","Time":"+010000-01-01T00:00:00Z"}',
      problem: /^has no valid time$/,
    },
    {
      name: 'no commit',
      content: '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z","Origin":{"Hash":"main"}}',
      problem: /^names no commit$/,
    },
  ])('finds an .info with $name', async ({ content, problem }) => {
    await writeFile(file('info'), content);
    expect(await check()).toEqual([{ part: 'info', problem: expect.stringMatching(problem) as string }]);
  });

  it('finds files without the .info that decides what they are', async () => {
    await rm(file('info'));
    const problem = 'is missing: nothing says which commit the other files show';
    expect(await check()).toEqual([{ part: 'info', problem }]);
    expect(await check({ isPrivate: false })).toEqual([]);
  });

  it.each([
    { mirror: true, problem: /^is not the go\.mod of commit [0-9a-f]{12}$/ },
    { mirror: false, problem: /^is not the go\.mod in the zip$/ },
  ])('finds a changed .mod (mirror: $mirror)', async ({ mirror, problem }) => {
    await writeFile(file('mod'), 'module my.corp/same\n');
    expect(await check({ mirror })).toEqual([
      { part: 'mod', problem: expect.stringMatching(problem) as string },
    ]);
  });

  it('finds a .mod that cannot be read where it is all there is', async () => {
    await Promise.all([rm(file('zip')), rm(file('ziphash'))]);
    expect(await check()).toEqual([]);
    await writeFile(file('mod'), 'module a\nmodule b\n');
    expect(await check()).toEqual([
      { part: 'mod', problem: expect.stringContaining('repeated module') as string },
    ]);
  });

  it('takes line ends of another kind in the zip for the same go.mod', async () => {
    await writeFile(file('mod'), String(originals.get('mod')).replaceAll('\n', '\r\n'));
    expect(await check()).toEqual([]);
  });

  it.each([
    [['info']],
    [['info', 'mod']],
    [['info', 'ziphash']],
    [['info', 'zip', 'ziphash']],
  ] as PartKind[][][])('has no objection to a version of which only %j is there yet', async (kinds) => {
    for (const kind of originals.keys()) if (!kinds.includes(kind)) await rm(file(kind));
    expect(await check()).toEqual([]);
  });
});

describe('storedVersions', () => {
  it('lists versions of which any part is stored, oldest first', async () => {
    const store = createDiskStore(await tempDir('store'));
    const module = labModule('same');
    for (const [version, kind] of [
      ['v1.10.0', 'info'],
      ['v1.2.0', 'zip'],
      ['v1.2.0', 'info'],
      ['v2.0.0+incompatible', 'ziphash'],
    ] as const) {
      await putBytes(store, { module, version, kind }, Buffer.from('x'));
    }
    expect(await storedVersions(store, module)).toEqual(['v1.2.0', 'v1.10.0', 'v2.0.0+incompatible']);
  });
});
