/** Import from each layout into a real store, and what it refuses. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import type { VersionStore } from '../../src/store/version-store.js';
import type { CopiedVersion } from '../../src/transfer/copy-version.js';
import { allVersions, importVersions } from '../../src/transfer/import-versions.js';
import { recognizeLayout } from '../../src/transfer/layout.js';
import { tempDir } from '../support/tmp.js';
import {
  TIME,
  makeVersion,
  proxyFile,
  writeAthensTree,
  writeProxyTree,
  type MadeVersion,
} from '../support/stores/versions.js';

let dir: string;
let storeDir: string;
let store: VersionStore;

beforeEach(async () => {
  dir = path.join(await tempDir('import'), 'from');
  await mkdir(dir);
  storeDir = path.join(path.dirname(dir), 'store');
  store = createDiskStore(storeDir);
});

async function importAll(dryRun = false): Promise<CopiedVersion[]> {
  const { source } = await recognizeLayout(dir);
  return importVersions(await allVersions(source), { source, store, dryRun });
}

async function stored({ module, version }: MadeVersion): Promise<Record<string, Buffer>> {
  const parts: Record<string, Buffer> = {};
  for (const kind of ['info', 'mod', 'zip', 'ziphash']) {
    parts[kind] = await readFile(proxyFile(storeDir, module, version, kind));
  }
  return parts;
}

function parts({ info, mod, zip, hash }: MadeVersion): Record<string, Buffer> {
  return { info, mod, zip, ziphash: Buffer.from(hash) };
}

const layouts = [
  { layout: 'GOPROXY file tree', write: writeProxyTree },
  {
    layout: 'GOMODCACHE',
    write: (to: string, ...versions: MadeVersion[]) =>
      writeProxyTree(path.join(to, 'cache/download'), ...versions),
  },
  { layout: 'Athens disk storage', write: writeAthensTree },
] as const;

describe.each(layouts)('from a $layout', ({ layout, write }) => {
  it('brings every version, byte for byte, with its hash', async () => {
    const versions = [
      await makeVersion('ex.test/Big/Name', 'v1.0.0-RC.1'),
      await makeVersion('ex.test/Big/Name/v2', 'v2.0.0'),
      await makeVersion('ex.test/old', 'v3.0.0+incompatible'),
      await makeVersion('ex.test/old', 'v0.0.0-20240102030405-0123456789ab'),
    ];
    await write(dir, ...versions);
    expect((await recognizeLayout(dir)).name).toBe(layout);
    const copies = await importAll();
    expect(copies.map(({ module, version, outcome }) => `${module}@${version} ${outcome}`).sort()).toEqual(
      versions.map(({ module, version }) => `${module}@${version} added`).sort(),
    );
    for (const version of versions) expect(await stored(version)).toEqual(parts(version));
    expect((await importAll()).map(({ outcome }) => outcome)).toEqual(['same', 'same', 'same', 'same']);
  });
});

describe('importVersions', () => {
  it('leaves what go has for itself in a module cache alone', async () => {
    const download = path.join(dir, 'cache/download');
    const version = await makeVersion('ex.test/a', 'v1.0.0');
    await writeProxyTree(download, version);
    const folder = path.join(download, 'ex.test/a/@v');
    for (const name of ['list', 'v1.0.0.lock', 'v1.0.0.partial', 'master.info', 'v1.0.0.zip123.tmp']) {
      await writeFile(path.join(folder, name), 'x');
    }
    expect(await importAll()).toHaveLength(1);
    expect((await readdir(path.join(storeDir, 'ex.test/a/@v'))).sort()).toEqual(
      ['info', 'mod', 'zip', 'ziphash'].map((kind) => `v1.0.0.${kind}`),
    );
  });

  it('takes the go.mod of a version that a build only looked at', async () => {
    const { mod } = await makeVersion('ex.test/a', 'v1.0.0');
    const file = proxyFile(dir, 'ex.test/a', 'v1.0.0', 'mod');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, mod);
    expect(await importAll()).toEqual([
      { module: 'ex.test/a', version: 'v1.0.0', outcome: 'added', added: ['mod'], faults: [] },
    ]);
  });

  it('leaves a version without go.mod out', async () => {
    const file = proxyFile(dir, 'ex.test/a', 'v1.0.0', 'info');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ Version: 'v1.0.0', Time: TIME }));
    expect(await importAll()).toMatchObject([{ outcome: 'incomplete', added: [] }]);
    expect(await readdir(path.dirname(storeDir))).toEqual(['from']);
  });

  const damages: {
    name: string;
    damage: (base: string, made: MadeVersion) => Promise<void>;
    fault: object;
  }[] = [
    {
      name: 'a zip that ends early',
      damage: async (base, { zip }) => writeFile(`${base}zip`, zip.subarray(0, zip.length - 30)),
      fault: { part: 'zip', problem: expect.stringMatching(/end of central directory/i) as string },
    },
    {
      name: 'a zip with a changed byte',
      damage: async (base, { zip }) => {
        const bytes = Buffer.from(zip);
        const at = bytes.indexOf('a.go') + 'a.go'.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
        await writeFile(`${base}zip`, bytes);
      },
      fault: { part: 'zip', problem: expect.any(String) as string },
    },
    {
      name: 'the zip of another version',
      damage: async (base) => writeFile(`${base}zip`, (await makeVersion('ex.test/a', 'v1.0.1')).zip),
      fault: { part: 'zip', problem: 'it holds ex.test/a@v1.0.1/go.mod' },
    },
    {
      name: 'a zip that leaves its folder',
      damage: async (base) => {
        const files = { '../evil': 'x' };
        await writeFile(`${base}zip`, (await makeVersion('ex.test/a', 'v1.0.0', files)).zip);
      },
      fault: { part: 'zip', problem: expect.stringContaining('../evil: ') as string },
    },
    {
      name: 'another recorded hash',
      damage: (base) => writeFile(`${base}ziphash`, 'h1:other=\n'),
      fault: { part: 'zip', problem: expect.stringMatching(/^is h1:\S+, recorded is h1:other=$/) as string },
    },
    {
      name: 'the go.mod of another version',
      damage: (base) => writeFile(`${base}mod`, 'module ex.test/a\n\ngo 1.99\n'),
      fault: { part: 'mod', problem: 'is not the go.mod in the zip' },
    },
    {
      name: 'a go.mod that is an error page',
      damage: (base) => writeFile(`${base}mod`, 'go <html>\n'),
      fault: { part: 'mod', problem: expect.stringContaining('go.mod:1') as string },
    },
    {
      name: 'the .info of another version',
      damage: (base) => writeFile(`${base}info`, `{"Version":"v1.0.1","Time":"${TIME}"}`),
      fault: { part: 'info', problem: 'is about version "v1.0.1"' },
    },
  ];
  it.each(damages)('names $name and stores nothing of the version', async ({ damage, fault }) => {
    const [bad, good] = [await makeVersion('ex.test/a', 'v1.0.0'), await makeVersion('ex.test/b', 'v1.0.0')];
    await writeProxyTree(dir, bad, good);
    await damage(proxyFile(dir, 'ex.test/a', 'v1.0.0'), bad);
    expect(await importAll()).toMatchObject([
      { module: 'ex.test/a', version: 'v1.0.0', outcome: 'damaged', added: [], faults: [fault] },
      { module: 'ex.test/b', outcome: 'added' },
    ]);
    expect(await readdir(path.join(storeDir, 'ex.test'))).toEqual(['b']);
  });

  it('refuses a version that the module path cannot have', async () => {
    await writeProxyTree(dir, await makeVersion('ex.test/a', 'v2.0.0'));
    const problem = 'the version should be v0 or v1, not v2';
    expect(await importAll()).toMatchObject([{ outcome: 'damaged', faults: [{ part: 'info', problem }] }]);
  });

  it('never replaces what is stored, and says what differs', async () => {
    const [mine, other] = [
      await makeVersion('ex.test/a', 'v1.0.0'),
      await makeVersion('ex.test/a', 'v1.0.0', {
        'a.go': 'package evil\n',
        'go.mod': 'module ex.test/a\n\ngo 1.21\n',
      }),
    ];
    await writeProxyTree(storeDir, mine);
    other.info = Buffer.from('{"Version":"v1.0.0","Time":"2025-01-02T03:04:05Z"}');
    await writeProxyTree(dir, other);
    expect(await importAll()).toEqual([
      {
        module: 'ex.test/a',
        version: 'v1.0.0',
        outcome: 'different',
        added: [],
        faults: [
          { part: 'info', problem: `has the time 2025-01-02T03:04:05Z here and ${TIME} there` },
          { part: 'mod', problem: 'is another one there' },
          { part: 'zip', problem: `is ${other.hash} here and ${mine.hash} there` },
        ],
      },
    ]);
    expect(await stored(mine)).toEqual(parts(mine));
  });

  it('adds a zip to a version of which only the rest was there, and none to another copy of it', async () => {
    const version = await makeVersion('ex.test/a', 'v1.0.0');
    await writeProxyTree(dir, version);
    for (const kind of ['info', 'mod'] as const) {
      const file = proxyFile(storeDir, 'ex.test/a', 'v1.0.0', kind);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, version[kind]);
    }
    expect(await importAll(true)).toMatchObject([{ outcome: 'added', added: ['ziphash', 'zip'] }]);
    const commit = (digit: string) => ({ Hash: digit.repeat(40), VCS: 'git', URL: 'https://git.test/a' });
    const info = (digit: string) => JSON.stringify({ Version: 'v1.0.0', Time: TIME, Origin: commit(digit) });
    await writeFile(proxyFile(storeDir, 'ex.test/a', 'v1.0.0', 'info'), info('a'));
    await writeFile(proxyFile(dir, 'ex.test/a', 'v1.0.0', 'info'), info('b'));
    const problem = `names commit ${'b'.repeat(40)} here and ${'a'.repeat(40)} there`;
    expect(await importAll()).toMatchObject([
      { outcome: 'different', added: [], faults: [{ part: 'info', problem }] },
    ]);
    await writeFile(proxyFile(dir, 'ex.test/a', 'v1.0.0', 'info'), version.info);
    expect(await importAll()).toMatchObject([{ outcome: 'added', added: ['ziphash', 'zip'] }]);
  });

  it('stores nothing in a dry run, and finds the same', async () => {
    await writeProxyTree(dir, await makeVersion('ex.test/a', 'v1.0.0'));
    expect(await importAll(true)).toMatchObject([
      { outcome: 'added', added: ['info', 'mod', 'ziphash', 'zip'] },
    ]);
    expect(await readdir(path.dirname(storeDir))).toEqual(['from']);
  });

  it('takes the .mod of a module that has no go.mod file', async () => {
    await writeProxyTree(
      dir,
      await makeVersion('ex.test/a', 'v1.0.0', { 'a.go': 'package a\n', 'go.mod': null }),
    );
    expect(await importAll()).toMatchObject([{ outcome: 'added', faults: [] }]);
  });

  it('reads nothing but folders with versions: an empty one is a wrong argument', async () => {
    await mkdir(path.join(dir, 'some/where'), { recursive: true });
    await expect(recognizeLayout(dir)).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(recognizeLayout(path.join(dir, 'no'))).rejects.toMatchObject({ code: 'CONFIG' });
  });
});
