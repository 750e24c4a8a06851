/** What a server with two workers does while its store is damaged, purged, emptied or read-only. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { repo, type GitRepo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun, run } from '../../support/run.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';

const SOON = 30_000;
const at = (name: string) => `/corp.test/${name}/@v/v1.0.0`;

describe.skipIf(missing('git'))('the disk of a server', () => {
  let root: string;
  let server: ModhavenServer;
  const repos = new Map<string, GitRepo>();

  const options = (dir?: string) => ({
    ...(dir !== undefined && { dir }),
    config: { vanity: './vanity.yaml', workers: 2, refresh: '1s' },
    vanity: `host: corp.test\npaths:\n  /{name}: ${root}/{name}.git\n`,
  });
  const statusOf = async (url: string): Promise<number> => (await ask(server.url, url)).status;
  const folderOf = (name: string): string => path.join(server.cacheDir, 'download/corp.test', name, '@v');

  beforeAll(async () => {
    root = await tempDir('repos');
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module corp.test/${name}\n`, 'x.go': 'package x\n' }).commit('one');
      await made.tag('v1.0.0');
      repos.set(name, made);
    }
    server = await startServer(options());
  });
  beforeEach(async () => {
    for (const kind of ['info', 'mod', 'zip']) expect(await statusOf(`${at('a')}.${kind}`)).toBe(200);
  });
  afterAll(async () => server.stop());

  it('does not give out what was damaged while it was down, and fetches it again', async () => {
    const zip = path.join(folderOf('a'), 'v1.0.0.zip');
    const good = await readFile(zip);
    await server.stop();
    await truncate(zip, good.length - 10);
    await writeFile(path.join(folderOf('a'), 'v1.0.0.mod'), 'module corp.test/a');
    server = await startServer(options(server.dir));
    expect((await ask(server.url, `${at('a')}.mod`)).text).toBe('module corp.test/a\n');
    expect((await ask(server.url, `${at('a')}.zip`)).bytes.equals(good)).toBe(true);
    expect(await readdir(path.join(server.cacheDir, 'damaged/corp.test/a/@v'))).toHaveLength(2);
  });

  it('forgets a purged version in all processes within 3 seconds, and takes no other for it', async () => {
    await repos.get('a')?.write({ 'go.mod': 'module corp.test/a\n\ngo 1.21\n' }).commit('two');
    await repos.get('a')?.git('tag', '-f', 'v1.0.0', 'main');
    await sleep(1_100); // as long as the server goes by the tags it knows
    for (let i = 0; i < 6; i += 1) expect(await statusOf(`${at('a')}.mod`)).toBe(200);
    const purge = ['purge', '--config', server.configFile, '--yes', 'corp.test/a@v1.0.0'];
    expect(await modhaven(purge)).toMatchObject({ code: 0 });
    const all = async () => Promise.all(Array.from({ length: 8 }, () => statusOf(`${at('a')}.mod`)));
    const last = await until(all, (codes) => codes.every((code) => code === 403), SOON);
    expect(new Set(last)).toEqual(new Set([403]));
    // The other worker may still have it in memory for as long as the processes look for purges.
    const zip = await until(
      () => ask(server.url, `${at('a')}.zip`),
      ({ status }) => status === 403,
      SOON,
    );
    expect(zip.text).toContain('refused: corp.test/a@v1.0.0');
    await repos.get('a')?.git('tag', '-f', 'v1.0.0', 'main~1');
    // In all processes, for each of which several requests are enough.
    const whole = async () => {
      const kinds = ['info', 'mod', 'zip'].flatMap((kind) => Array<string>(8).fill(kind));
      return Promise.all(kinds.map((kind) => statusOf(`${at('a')}.${kind}`)));
    };
    const given = await until(whole, (codes) => codes.every((code) => code === 200), SOON);
    expect(new Set(given)).toEqual(new Set([200]));
  });

  it('makes its folder again when it is emptied or removed', async () => {
    await rm(server.cacheDir, { recursive: true });
    for (const name of ['a', 'b']) {
      for (const kind of ['info', 'mod', 'zip']) expect(await statusOf(`${at(name)}.${kind}`)).toBe(200);
    }
    expect(existsSync(path.join(folderOf('b'), 'v1.0.0.zip'))).toBe(true);
    expect(await statusOf('/-/readyz')).toBe(200);
  });

  it.skipIf(process.getuid?.() === 0 && missing('mount-namespace'))(
    'says that the disk is read-only, and recovers',
    async () => {
      const asRoot = process.getuid?.() === 0;
      const lock = async () =>
        asRoot
          ? mustRun('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'none', server.cacheDir])
          : chmod(server.cacheDir, 0o500);
      const unlock = async () =>
        asRoot ? run('umount', ['-l', server.cacheDir]) : chmod(server.cacheDir, 0o700);
      await mkdir(server.cacheDir, { recursive: true });
      await lock();
      try {
        const answer = await ask(server.url, `${at('c')}.info`);
        expect(answer.status).toBe(503);
        expect(answer.text).toMatch(/the disk is read-only|no right/);
        expect(
          await until(
            () => statusOf('/-/readyz'),
            (code) => code === 503,
            SOON,
          ),
        ).toBe(503);
        expect(await statusOf('/-/healthz')).toBe(200);
      } finally {
        await unlock();
      }
      expect(
        await until(
          () => statusOf(`${at('c')}.info`),
          (code) => code === 200,
          SOON,
        ),
      ).toBe(200);
      expect(
        await until(
          () => statusOf('/-/readyz'),
          (code) => code === 200,
          SOON,
        ),
      ).toBe(200);
    },
  );

  it.skipIf(process.getuid?.() !== 0 || missing('mount-namespace')).each([
    { what: 'bytes', mount: 'size=6m,nr_inodes=10k', fill: 'head -c 8m /dev/zero >"$0/full/0"' },
    {
      what: 'inodes',
      mount: 'size=50m,nr_inodes=300',
      fill: 'i=0; while : >"$0/full/$i"; do i=$((i+1)); done',
    },
  ])('serves what is there when the disk is out of $what, says so, and recovers', async ({ mount, fill }) => {
    const dir = await tempDir('full');
    const cacheDir = path.join(dir, 'data');
    await mkdir(cacheDir);
    await mustRun('mount', ['-t', 'tmpfs', '-o', mount, 'none', cacheDir]);
    const full = await startServer(options(dir));
    const status = async (url: string): Promise<number> => (await ask(full.url, url)).status;
    try {
      for (const kind of ['info', 'mod', 'zip']) expect(await status(`${at('a')}.${kind}`)).toBe(200);
      await mkdir(path.join(cacheDir, 'full'));
      await run('sh', ['-c', `{ ${fill}; } 2>/dev/null`, cacheDir]);
      const answer = await ask(full.url, `${at('c')}.zip`);
      expect([answer.status, answer.text]).toEqual([503, expect.stringContaining('the disk is full')]);
      for (const kind of ['info', 'mod', 'zip']) expect(await status(`${at('a')}.${kind}`)).toBe(200);
      const unready = async () => status('/-/readyz');
      expect(await until(unready, (code) => code === 503, SOON)).toBe(503);
      await rm(path.join(cacheDir, 'full'), { recursive: true });
      const again = async () => status(`${at('c')}.zip`);
      expect(await until(again, (code) => code === 200, SOON)).toBe(200);
      expect(await until(unready, (code) => code === 200, SOON)).toBe(200);
    } finally {
      await full.stop();
      await run('umount', ['-l', cacheDir]);
    }
  });

  it('has room made by gc beside it, and serves on', async () => {
    const gc = ['gc', '--config', server.configFile, '--max-size', '1', '--json'];
    const { code, stdout } = await modhaven(gc);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { mirrors: unknown[]; versions: unknown[] };
    expect(result.mirrors.length).toBeGreaterThan(0);
    expect(result.versions).toEqual([]);
    expect(await statusOf(`${at('a')}.zip`)).toBe(200);
    expect(await statusOf(`${at('e')}.zip`)).toBe(200);
  });
});
