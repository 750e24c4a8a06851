/** `modhaven warm` with a real git host for what is private, and an upstream that is a folder. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goModHash } from '../conformance/module-hash.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import type { RunResult } from '../support/run.js';
import { modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, proxyFile, writeProxyTree, type MadeVersion } from '../support/stores/versions.js';
import { files } from './support/files.js';

describe.skipIf(missing('git'))('modhaven warm', () => {
  let host: GitHttpHost;
  let upstream: string;
  let pub: MadeVersion;

  beforeAll(async () => {
    const root = await tempDir('warm-git');
    const r = await repo(path.join(root, 'foo.git'));
    await r.write({ 'go.mod': 'module mycompany.com/foo\n', 'foo.go': 'package foo\n' }).commit('first');
    await r.tag('v1.0.0');
    await r.write({ 'foo.go': 'package foo // more\n' }).commit('second');
    host = await gitHttpHost(root);
    upstream = await tempDir('warm-upstream');
    pub = await makeVersion('public.test/bar', 'v1.2.3');
    await writeProxyTree(upstream, pub);
    await writeFile(path.join(upstream, 'public.test/bar/@v/list'), 'v1.2.3\nv1.3.0-rc.1\n');
  });
  afterAll(() => host.stop());

  /** A site with an empty cache. */
  async function site(): Promise<{
    dir: string;
    warm: (...args: string[]) => Promise<RunResult>;
    file: (name: string, text: string) => Promise<string>;
    cached: (module: string, version: string, kind: string) => Promise<boolean>;
  }> {
    const vanity = `host: mycompany.com\npaths:\n  /foo: ${host.url}/foo.git\n`;
    const { dir, config } = await files({ config: `upstream: file://${upstream}\n`, vanity });
    return {
      dir,
      // The databases are real and public, these modules are not.
      warm: (...args) =>
        modhaven(['warm', '--config', config, '--no-sumdb', ...args], { env: { HOME: dir } }),
      async file(name, text) {
        await writeFile(path.join(dir, name), text);
        return path.join(dir, name);
      },
      cached: (module, version, kind) =>
        readFile(proxyFile(path.join(dir, 'data/download'), module, version, kind)).then(
          () => true,
          () => false,
        ),
    };
  }

  it('fetches what a go.sum needs and no more, and is quiet about it', async () => {
    const { warm, file, cached } = await site();
    const sum = await file(
      'go.sum',
      `public.test/bar v1.2.3/go.mod ${goModHash(pub.mod)}\nmycompany.com/foo v1.0.0 h2:unknown\n`,
    );
    expect(await warm(sum)).toMatchObject({
      code: 0,
      stdout: '2 versions: 2 fetched, 0 there before\n',
      stderr: '',
    });
    const kinds = ['info', 'mod', 'zip', 'ziphash'];
    const has = (module: string, version: string) =>
      Promise.all(kinds.map((kind) => cached(module, version, kind)));
    expect(await has('public.test/bar', 'v1.2.3')).toEqual([true, true, false, false]);
    expect(await has('mycompany.com/foo', 'v1.0.0')).toEqual([true, true, true, true]);
    expect((await warm(sum)).stdout).toBe('2 versions: 0 fetched, 2 there before\n');
  });

  it('says which versions queries became', async () => {
    const { warm, cached } = await site();
    const { code, stdout } = await warm(
      'mycompany.com/foo@latest',
      'mycompany.com/foo@main',
      'public.test/bar@latest',
    );
    expect(code).toBe(0);
    const [, pseudo = ''] =
      /^mycompany\.com\/foo@main is (v1\.0\.1-0\.\d{14}-[0-9a-f]{12})$/m.exec(stdout) ?? [];
    expect(stdout).toMatch(/^mycompany\.com\/foo@latest is v1\.0\.0$/m);
    // The folder has no @latest: its list says it.
    expect(stdout).toMatch(/^public\.test\/bar@latest is v1\.2\.3$/m);
    expect(await cached('mycompany.com/foo', pseudo, 'zip')).toBe(true);
  });

  it('lists failures with their reason, and goes on', async () => {
    const { warm, file, cached } = await site();
    const mod = await file(
      'go.mod',
      'module m\n\ngo 1.24\ntoolchain go1.26.8\n\nrequire (\n\tmycompany.com/foo v9.9.9\n\tpublic.test/bar v1.2.3\n)\n',
    );
    const { code, stdout } = await warm('mycompany.com/nothere@v1.0.0', mod);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAILED mycompany\.com\/nothere@v1\.0\.0: .+$/m);
    expect(stdout).toMatch(/^FAILED mycompany\.com\/foo@v9\.9\.9: .*unknown revision/m);
    expect(stdout).toMatch(/\n3 versions: 1 fetched, 0 there before, 2 failed\n$/);
    expect(await cached('public.test/bar', 'v1.2.3', 'zip')).toBe(true);
  });

  it('is loud where what was fetched is not what go.sum records, and names the line', async () => {
    const { warm, file } = await site();
    const other = `h1:${'A'.repeat(43)}=`;
    const sum = await file(
      'go.sum',
      `public.test/bar v1.2.3 ${pub.hash}\npublic.test/bar v1.2.3/go.mod ${other}\nmycompany.com/foo v1.0.0 ${other}\n`,
    );
    const { code, stdout } = await warm(sum);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `SECURITY ERROR public.test/bar@v1.2.3: the go.mod in the cache does NOT match ${sum}:2\n` +
        `  in the cache: ${goModHash(pub.mod)}\n  recorded:     ${other}\n` +
        `SECURITY ERROR mycompany.com/foo@v1.0.0: the zip in the cache does NOT match ${sum}:3\n`,
    );
    expect(stdout).toMatch(/\n2 versions: 0 fetched, 0 there before, 2 failed\n$/);
  });

  it('prints JSON', async () => {
    const { warm } = await site();
    const { code, stdout } = await warm('--json', 'public.test/bar@v1.2.3', 'public.test/none@v1.0.0');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      summary: { versions: 2, fetched: 1, thereBefore: 0, failed: 1 },
      versions: [
        { module: 'public.test/bar', query: 'v1.2.3', version: 'v1.2.3', fetched: true, mismatches: [] },
        {
          module: 'public.test/none',
          query: 'v1.0.0',
          version: 'v1.0.0',
          fetched: false,
          mismatches: [],
          cause: expect.stringContaining('there is no such file') as string,
        },
      ],
    });
  });

  it.each([
    {
      name: 'a module without a version',
      args: ['public.test/bar'],
      says: 'public.test/bar: no version is named',
    },
    {
      name: 'a file that is not there',
      args: ['/nonexistent/go.sum'],
      says: '/nonexistent/go.sum: the file cannot be read',
    },
    { name: 'nothing at all', args: [], says: "error: missing required argument 'wanted'" },
  ])('exits with 2 for $name', async ({ args, says }) => {
    const { warm } = await site();
    const { code, stdout, stderr } = await warm(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
  });

  it('exits with 2 and names file, line and column of a bad line', async () => {
    const { warm, file } = await site();
    const sum = await file('go.sum', '\npublic.test/bar main h1:x=\n');
    const { code, stderr } = await warm(sum);
    expect([code, stderr]).toEqual([2, `modhaven: ${sum}:2:17: "main" is not a canonical version\n`]);
  });

  it('never asks the upstream for a private module', async () => {
    const { warm } = await site();
    await writeProxyTree(upstream, await makeVersion('mycompany.com/secret', 'v1.0.0'));
    const { code, stdout } = await warm('mycompany.com/secret@v1.0.0');
    expect(code).toBe(1);
    expect(stdout).toContain('FAILED mycompany.com/secret@v1.0.0: ');
  });
});
