/** `modhaven import` as an admin sees it. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { modhaven, startServer } from '../support/server.js';
import {
  makeVersion,
  proxyFile,
  writeAthensTree,
  writeProxyTree,
  type MadeVersion,
} from '../support/stores/versions.js';
import { versionTrees, type VersionTrees } from './support/version-trees.js';

let dir: string;
let tree: string;
let download: string;
let a: MadeVersion;
let b: MadeVersion;
let command: VersionTrees['command'];

beforeEach(async () => {
  ({ dir, tree, download, a, b, command } = await versionTrees());
});

describe('modhaven import', () => {
  it('says which layout it found, and brings what is there', async () => {
    await writeProxyTree(tree, a, b);
    expect(await command('import', '--dry-run', tree)).toMatchObject({
      code: 0,
      stdout: `${tree}: GOPROXY file tree\n2 versions: 2 would be imported, 0 there before\n`,
    });
    await expect(readdir(download)).rejects.toThrow('ENOENT');
    expect(await command('import', tree)).toMatchObject({
      code: 0,
      stdout: `${tree}: GOPROXY file tree\n2 versions: 2 imported, 0 there before\n`,
      stderr: '',
    });
    expect(await readFile(proxyFile(download, 'ex.test/b', 'v1.0.0', 'zip'))).toEqual(b.zip);
  });

  it('is followed by a verify that finds all in order, also for private modules whose commit is not known', async () => {
    await writeFile(path.join(dir, 'vanity.yaml'), 'paths:\n  ex.test/a: /srv/git/a.git\n');
    await writeAthensTree(tree, a, b);
    expect((await command('import', tree)).stdout).toContain('Athens disk storage');
    expect(await command('verify')).toMatchObject({
      code: 0,
      stdout: '2 versions of 2 modules: all as recorded\n',
    });
  });

  it('exits with 1 for what is damaged or different, and says what', async () => {
    const other = await makeVersion('ex.test/b', 'v1.0.0', { 'b.go': 'package b\n' });
    await writeProxyTree(tree, a, other);
    await writeProxyTree(download, b);
    await rm(proxyFile(tree, 'ex.test/a', 'v1.0.0', 'zip'));
    await mkdir(proxyFile(tree, 'ex.test/a', 'v1.0.0', 'zip'));
    const { code, stdout } = await command('import', tree);
    expect(code).toBe(1);
    const lines = stdout.split('\n');
    expect(lines[1]).toMatch(/^DAMAGED ex\.test\/a@v1\.0\.0: \.zip /);
    expect(lines[2]).toBe(`DIFFERENT ex.test/b@v1.0.0: .zip is ${other.hash} here and ${b.hash} there`);
    expect(lines[3]).toMatch(/^ {2}to do: nothing was replaced\./);
    expect(lines).toContain('2 versions: 0 imported, 0 there before, 1 damaged, 1 different');
  });

  it.each(['nothing', 'tree'])('exits with 2 for a folder without versions (%s)', async (name) => {
    await mkdir(tree);
    const { code, stdout, stderr } = await command('import', path.join(dir, name));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`modhaven: ${path.join(dir, name)}`);
  });

  it('refuses what our own checksum database knows otherwise, also when the cache was lost', async () => {
    const key = path.join(dir, 'sumdb-key');
    const made = await modhaven(['sumdb', 'keygen', '--name', 'sum.ex.test', '--out', key]);
    expect(made.code, made.stderr).toBe(0);
    const config = 'sumdb: { name: sum.ex.test, key_file: ./sumdb-key }\n';
    await writeFile(path.join(dir, 'modhaven.yaml'), config);
    await writeProxyTree(tree, a);
    expect((await command('import', tree)).code).toBe(0);
    const server = await startServer({
      dir,
      config: { sumdb: { name: 'sum.ex.test', key_file: './sumdb-key' } },
      vanity: { paths: { 'ex.test/a': '/srv/git/a.git' } },
    });
    const lookup = await fetch(`${server.url}/sumdb/sum.ex.test/lookup/ex.test/a@v1.0.0`);
    expect([lookup.status, await lookup.text()]).toEqual([200, expect.stringContaining(a.hash)]);
    await server.stop();

    await rm(download, { recursive: true });
    const other = await makeVersion('ex.test/a', 'v1.0.0', { 'a.go': 'package evil\n' });
    await writeProxyTree(tree, other);
    const { code, stdout } = await command('import', tree);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `DAMAGED ex.test/a@v1.0.0: .zip is ${other.hash}, sum.ex.test records ${a.hash}\n`,
    );
  });

  it('prints JSON', async () => {
    await writeAthensTree(tree, a);
    expect(JSON.parse((await command('import', '--json', tree)).stdout)).toEqual({
      ok: true,
      layout: 'Athens disk storage',
      dir: tree,
      dryRun: false,
      summary: { versions: 1, added: 1, same: 0, incomplete: 0, damaged: 0, different: 0 },
      versions: [
        {
          module: 'ex.test/a',
          version: 'v1.0.0',
          outcome: 'added',
          faults: [],
          added: ['info', 'mod', 'ziphash', 'zip'],
        },
      ],
      checksums: [],
    });
  });
});
