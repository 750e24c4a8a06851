import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isModhavenError } from '../../../src/errors.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import type { Part, VersionStore } from '../../../src/store/version-store.js';
import { missing } from '../../support/requirements.js';
import { mustRun, run, sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

const MODULE = parseModulePath('example.com/Big/mod');
const ZIP: Part = { module: MODULE, version: 'v1.0.0-RC1', kind: 'zip' };
const FOLDER = 'example.com/!big/mod/@v';
const BUILD = fileURLToPath(new URL('../../../build/', import.meta.url));

/** A writer of a text. */
function text(content: string) {
  return async (sink: Writable): Promise<void> => {
    sink.write(content);
    return Promise.resolve();
  };
}

async function filesOf(dir: string): Promise<string[]> {
  return (await readdir(path.join(dir, FOLDER)).catch(() => [])).sort();
}

async function modulesOf(store: VersionStore): Promise<string[]> {
  const modules: string[] = [];
  for await (const module of store.modules()) modules.push(module);
  return modules;
}

async function codeOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isModhavenError(error) ? error.code : String(error);
}

describe('createDiskStore', () => {
  it('keeps files where GOPROXY=file:// looks for them', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    await store.put(ZIP, text('PK'));
    await store.put({ ...ZIP, kind: 'ziphash' }, text('h1:x'));
    expect(await filesOf(dir)).toEqual(['v1.0.0-!r!c1.zip', 'v1.0.0-!r!c1.ziphash']);
    expect(await readFile(path.join(dir, FOLDER, 'v1.0.0-!r!c1.zip'), 'utf8')).toBe('PK');
  });

  it('answers with size, content and ranges, and with undefined for what it does not have', async () => {
    const store = createDiskStore(await tempDir('store'));
    expect([await store.size(ZIP), await store.read(ZIP), await store.versions(MODULE, 'zip')]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    await store.put(ZIP, text('0123456789'));
    expect(await store.size(ZIP)).toBe(10);
    expect(String(await store.read(ZIP))).toBe('0123456789');
    expect(String(await buffer(store.open(ZIP, { start: 2, end: 4 })))).toBe('234');
  });

  it('keeps an empty file and a big one', async () => {
    const store = createDiskStore(await tempDir('store'));
    await store.put(ZIP, async () => Promise.resolve());
    expect(await store.size(ZIP)).toBe(0);
    const big = { ...ZIP, version: 'v2.0.0' as const };
    await store.put(big, (sink) =>
      pipeline(Readable.from(Array<Buffer>(64).fill(Buffer.alloc(1_000_000, 7))), sink),
    );
    expect(await store.size(big)).toBe(64_000_000);
  });

  it('never replaces what it has', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    await store.put(ZIP, text('first'));
    await store.put(ZIP, text('second'));
    expect(String(await store.read(ZIP))).toBe('first');
    expect(await filesOf(dir)).toEqual(['v1.0.0-!r!c1.zip']);
  });

  it('lists versions, but nothing unfinished and nothing that another program put there', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    for (const version of ['v1.0.0', 'v1.0.1-RC1', 'v2.0.0+incompatible'] as const) {
      await store.put({ ...ZIP, version, kind: 'info' }, text('{}'));
    }
    await store.put({ ...ZIP, version: 'v3.0.0' }, text('PK'));
    const others = [
      '.tmp-1-ab',
      '.tmp-1-ab.info',
      'list',
      'V1.0.0.info',
      '!.info',
      '.info',
      'v1.info',
      'main.info',
      'v1.0.0.info~',
      'a b.info',
      'ü.info',
      'aux.info',
    ];
    for (const name of others) await writeFile(path.join(dir, FOLDER, name), '');
    expect((await store.versions(MODULE, 'info')).sort()).toEqual([
      'v1.0.0',
      'v1.0.1-RC1',
      'v2.0.0+incompatible',
    ]);
    expect(await store.versions(MODULE, 'zip')).toEqual(['v3.0.0']);
  });

  it('lists modules, but no folder that is none, and what writers left of one', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    expect(await modulesOf(store)).toEqual([]);
    for (const module of ['example.com/Big/mod', 'example.com/Big/mod/v2', 'example.com/a'].map(
      parseModulePath,
    )) {
      await store.put({ module, version: 'v1.0.0', kind: 'info' }, text('{}'));
    }
    for (const other of ['Bad/@v', 'example.com/empty', 'nodot/@v', '@v']) {
      await mkdir(path.join(dir, other), { recursive: true });
    }
    await writeFile(path.join(dir, 'example.com/file'), '');
    expect(await modulesOf(store)).toEqual([
      'example.com/Big/mod',
      'example.com/Big/mod/v2',
      'example.com/a',
    ]);
    expect(await store.removal?.leftovers(MODULE)).toEqual([]);
    const left = path.join(dir, FOLDER, '.tmp-1-ab');
    await writeFile(left, '');
    expect(await store.removal?.leftovers(MODULE)).toEqual([left]);
  });

  it('shows nothing of a file while it is written', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    let go: () => void = () => undefined;
    const halfway = new Promise<void>((resolve) => (go = resolve));
    let written: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (written = resolve));
    const putting = store.put(ZIP, async (sink) => {
      await new Promise((resolve) => sink.write('half', resolve));
      written();
      await halfway;
      sink.write(' and half');
    });
    await begun;
    expect((await filesOf(dir)).every((name) => name.startsWith('.tmp-'))).toBe(true);
    expect([await store.size(ZIP), await store.read(ZIP), await store.versions(MODULE, 'zip')]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    go();
    await putting;
    expect(String(await store.read(ZIP))).toBe('half and half');
  });
});

describe('createDiskStore, when a writer fails', () => {
  const failure = new Error('the host went away');
  it.each([
    { name: 'throws at once', write: async () => Promise.reject(failure), says: 'the host went away' },
    {
      name: 'throws after a part',
      write: async (sink: Writable) => {
        await new Promise((resolve) => sink.write('part', resolve));
        throw failure;
      },
      says: 'the host went away',
    },
    {
      name: 'throws after it ended the file itself',
      write: async (sink: Writable) => {
        await pipeline(Readable.from(['all']), sink);
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw failure;
      },
      says: 'the host went away',
    },
    {
      name: 'pipes a source that breaks',
      write: async (sink: Writable) => {
        const source = new PassThrough();
        source.write('part');
        setImmediate(() => source.destroy(failure));
        await pipeline(source, sink);
      },
      says: 'the host went away',
    },
    {
      name: 'closes the file before its end',
      write: async (sink: Writable) => {
        await new Promise((resolve) => sink.write('part', resolve));
        sink.destroy();
        await once(sink, 'close');
      },
      says: 'closed before its end',
    },
  ])('leaves nothing of one that $name', async ({ write, says }) => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    await expect(store.put(ZIP, write)).rejects.toThrow(says);
    expect(await filesOf(dir)).toEqual([]);
    await store.put(ZIP, text('second try'));
    expect(String(await store.read(ZIP))).toBe('second try');
  });

  it('calls a failure of the sink one of the storage, and does not wait for a writer that waits for it', async () => {
    const dir = await tempDir('store');
    const store = createDiskStore(dir);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const putting = store.put(ZIP, async (sink) => {
      setImmediate(() => sink.destroy(full));
      await new Promise(() => undefined);
    });
    await expect(putting).rejects.toMatchObject({
      code: 'STORAGE',
      reason: `the disk is full (${full.message})`,
      cause: full,
    });
    expect(await filesOf(dir)).toEqual([]);
  });
});

describe('createDiskStore, when the disk is not in order', () => {
  it('reports a file where a folder should be', async () => {
    const dir = await tempDir('store');
    await writeFile(path.join(dir, 'example.com'), '');
    const store = createDiskStore(dir);
    expect(await store.size(ZIP)).toBeUndefined();
    expect(await codeOf(store.put(ZIP, text('x')))).toBe('STORAGE');
  });

  it('reports a folder where a file should be', async () => {
    const dir = await tempDir('store');
    await mkdir(path.join(dir, FOLDER, 'v1.0.0-!r!c1.zip'), { recursive: true });
    expect(await codeOf(createDiskStore(dir).read(ZIP))).toBe('STORAGE');
  });

  it.skipIf(!missing('root'))('reports a folder that may not be written to', async () => {
    const dir = await tempDir('store');
    await mkdir(path.join(dir, FOLDER), { recursive: true });
    await chmod(path.join(dir, FOLDER), 0o500);
    expect(await codeOf(createDiskStore(dir).put(ZIP, text('x')))).toBe('STORAGE');
  });

  /** Runs `body`, which has `store` and `part` and prints, on a file system of its own that `mount` makes. */
  async function onMount(mount: string, body: string): Promise<string> {
    const dir = await tempDir('mount');
    const script = `
      import { readdirSync } from 'node:fs';
      import { createDiskStore } from ${JSON.stringify(path.join(BUILD, 'store/disk/disk-store.js'))};
      const store = createDiskStore(process.argv[1]);
      const part = { module: 'example.com/m', version: 'v1.0.0', kind: 'zip' };
      const codeOf = (promise) => promise.then(() => 'done', (error) => error.code);
      ${body}`;
    const command = `${mount} && exec "$2" --input-type=module -e "$3" "$1"`;
    return mustRun('unshare', ['-m', 'sh', '-ec', command, 'sh', dir, process.execPath, script]);
  }

  it.skipIf(missing('mount-namespace'))('reports a full disk and leaves nothing on it', async () => {
    const printed = await onMount(
      'mount -t tmpfs -o size=1m none "$1"',
      `const piece = Buffer.alloc(300_000);
       const big = async (sink) => {
         for (let i = 0; i < 20; i += 1) await new Promise((ok, no) => sink.write(piece, (e) => (e ? no(e) : ok())));
       };
       const careless = async (sink) => { for (let i = 0; i < 20; i += 1) sink.write(piece); };
       console.log(await codeOf(store.put(part, big)), await codeOf(store.put(part, careless)));
       console.log(readdirSync(process.argv[1] + '/example.com/m/@v').length, await store.size(part));
       console.log(await codeOf(store.put(part, async (sink) => { sink.write('small'); })), await store.size(part));`,
    );
    expect(printed).toBe('STORAGE STORAGE\n0 undefined\ndone 5\n');
  });

  it.skipIf(missing('mount-namespace'))(
    'reads from a read-only disk and reports that it cannot write',
    async () => {
      const printed = await onMount(
        'mount -t tmpfs none "$1" && mkdir -p "$1/example.com/m/@v" && printf old >"$1/example.com/m/@v/v1.0.0.zip" && mount -o remount,ro "$1"',
        `const other = { ...part, version: 'v2.0.0' };
       const write = async (sink) => { sink.write('x'); };
       console.log(await store.size(part), String(await store.read(part)), await store.versions(part.module, 'zip'));
       console.log(await codeOf(store.put(other, write)), await codeOf(store.put({ ...other, module: 'ex.com/n' }, write)));`,
      );
      expect(printed).toBe("3 old [ 'v1.0.0' ]\nSTORAGE STORAGE\n");
    },
  );
});

describe('createDiskStore, shared by processes', () => {
  it('lets exactly one of eight writers win, whole', async () => {
    const dir = await tempDir('store');
    const script = `
      import { createDiskStore } from ${JSON.stringify(path.join(BUILD, 'store/disk/disk-store.js'))};
      const [dir, own] = process.argv.slice(1);
      const store = createDiskStore(dir);
      process.stdout.write('ready\\n');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      for (let i = 0; i < 20; i += 1) {
        const part = { module: 'example.com/m', version: 'v1.' + i + '.0', kind: 'zip' };
        await store.put(part, async (sink) => {
          for (let j = 0; j < 50; j += 1) sink.write(own.repeat(10_000));
        });
        const seen = String(await store.read(part));
        process.stdout.write(seen.length === 500_000 && seen === seen[0].repeat(500_000) ? seen[0] : '?');
      }
      process.exit(0);`;
    const children = Array.from('abcdefgh', (own) =>
      spawn(process.execPath, ['--input-type=module', '-e', script, dir, own], {
        env: sealedEnv(),
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const outputs = Promise.all(children.map(({ stdout }) => buffer(stdout)));
    for (const { stdin } of children) stdin.end('go\n');
    const seen = new Set((await outputs).map(String));
    // All saw the same winners, and whole files only.
    expect(seen.size).toBe(1);
    expect([...seen][0]).toMatch(/^[a-h]{20}$/);
    expect(await readdir(path.join(dir, 'example.com/m/@v'))).toHaveLength(20);
  });

  it('is not disturbed by what a killed writer left', async () => {
    const dir = await tempDir('store');
    const script = `
      import { createDiskStore } from ${JSON.stringify(path.join(BUILD, 'store/disk/disk-store.js'))};
      const part = { module: 'example.com/Big/mod', version: 'v1.0.0-RC1', kind: 'zip' };
      await createDiskStore(process.argv[1]).put(part, async (sink) => {
        await new Promise((resolve) => sink.write('half', resolve));
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => undefined);
      });`;
    const { code } = await run(process.execPath, ['--input-type=module', '-e', script, dir]);
    expect(code).toBe(128 + 9);
    expect(await filesOf(dir)).toHaveLength(1);
    const store = createDiskStore(dir);
    expect([await store.size(ZIP), await store.versions(MODULE, 'zip')]).toEqual([undefined, []]);
    await store.put(ZIP, text('whole'));
    expect(String(await store.read(ZIP))).toBe('whole');
  });
});
