/**
 * A build moves to a site without a network: warmed and exported where there is one, imported where there is none, and
 * built there by a real `go` that reaches nothing but modhaven, or nothing but the exported folder.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { goClient, type GoClient } from '../support/go.js';
import { publicProxy } from '../support/hosts/public-proxy.js';
import { missing } from '../support/requirements.js';
import type { Env } from '../support/run.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const PUBLIC = 'rsc.io/quote@v1.5.2';
const proxy = missing('git', 'go') ? undefined : publicProxy(PUBLIC);

/** What a developer sets, besides GOPROXY: modules of the company are in no public database, everything else is. */
const DEVELOPER = { GOSUMDB: 'sum.golang.org', GONOSUMDB: 'mycompany.com', GOFLAGS: '-mod=mod -modcacherw' };
/** Nothing but loopback can be reached through it. */
const NO_NETWORK = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };

const MAIN = `package main

import (
	"fmt"

	"mycompany.com/go/foo"
	"rsc.io/quote"
)

func main() { fmt.Println(foo.Word, quote.Glass()) }
`;
const GO_MOD =
  'module example.test/main\n\ngo 1.21\n\nrequire mycompany.com/go/foo v1.0.0\nrequire rsc.io/quote v1.5.2\n';

describe.skipIf(proxy === undefined)('a build that moves to a site without a network', () => {
  let git: GitHttpHost;
  let connected: ModhavenServer;
  let airGapped: ModhavenServer;
  /** GOPATH of the developer who built first, with GOMODCACHE where it is by default. */
  let goPath: string;
  let goSum: string;
  let tree: string;
  const clients: GoClient[] = [];

  beforeAll(async () => {
    const root = await tempDir('air-gapped-git');
    const foo = await repo(path.join(root, 'foo.git'));
    await foo
      .write({
        'go.mod': 'module mycompany.com/go/foo\n\ngo 1.21\n\nrequire rsc.io/sampler v1.3.0\n',
        'foo.go': 'package foo\n\nimport "rsc.io/sampler"\n\nvar Word = "foo" + sampler.Hello()[:0]\n',
      })
      .commit('first');
    await foo.tag('v1.0.0');
    git = await gitHttpHost(root);
    const vanity = { host: 'mycompany.com', paths: { '/go/{name}': `${git.url}/{name}.git` } };
    connected = await startServer({ vanity, config: { upstream: proxy?.url }, env: proxy?.env ?? {} });
    airGapped = await startServer({ vanity, config: { upstream: 'off' }, env: NO_NETWORK });

    goPath = await tempDir('air-gapped-gopath');
    const GOMODCACHE = path.join(goPath, 'pkg/mod');
    const go = await developer({ GOPROXY: connected.url, GOPATH: goPath, GOMODCACHE });
    const built = await go.run('build', '-o', 'main', '.');
    expect(built.code, built.stderr).toBe(0);
    goSum = path.join(await tempDir('air-gapped-build'), 'go.sum');
    await writeFile(goSum, await readFile(path.join(go.dir, 'go.sum')));
    tree = path.join(path.dirname(goSum), 'tree');
    // What the build brought is not what is tested: warm starts from nothing.
    await connected.stop();
    connected = await startServer({ vanity, config: { upstream: proxy?.url }, env: proxy?.env ?? {} });
  });
  afterAll(async () => {
    await Promise.all([git.stop(), connected.stop(), airGapped.stop(), ...clients.map((go) => go.stop())]);
  });

  /** A machine with an empty module cache and the program, but not its go.sum. */
  async function developer(env: Env & { GOPROXY: string }): Promise<GoClient> {
    const go = await goClient({ ...DEVELOPER, ...NO_NETWORK, ...env });
    clients.push(go);
    await writeFile(path.join(go.dir, 'go.mod'), GO_MOD);
    await writeFile(path.join(go.dir, 'main.go'), MAIN);
    return go;
  }

  /** Builds and runs the program; go.sum is written by `go`, which asks the checksum database for what is public. */
  async function build(go: GoClient): Promise<void> {
    const run = await go.run('run', '.');
    expect([run.code, run.stdout], run.stderr).toEqual([0, "foo I can eat glass and it doesn't hurt me.\n"]);
    const sums = (text: string) => text.trim().split('\n').sort();
    const written = sums(await readFile(path.join(go.dir, 'go.sum'), 'utf8'));
    expect(written).toEqual(sums(await readFile(goSum, 'utf8')));
  }

  it('is warmed from its go.sum', async () => {
    const args = ['warm', '--config', connected.configFile, goSum];
    const { code, stdout, stderr } = await modhaven(args, { env: proxy?.env ?? {}, timeoutMs: 100_000 });
    expect([code, stderr], stdout).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+ versions: \d+ fetched, 0 there before$/m);
  });

  it('is exported and imported', async () => {
    const exported = await modhaven(['export', '--config', connected.configFile, tree]);
    expect([exported.code, exported.stderr], exported.stdout).toEqual([0, '']);
    const imported = await modhaven(['import', '--config', airGapped.configFile, tree]);
    expect([imported.code, imported.stderr], imported.stdout).toEqual([0, '']);
    await Promise.all([git.stop(), connected.stop()]);
  });

  it('is built through the modhaven there', async () => {
    await build(await developer({ GOPROXY: airGapped.url }));
  });

  it('is built from the folder alone', async () => {
    const go = await developer({ GOPROXY: `file://${tree}` });
    await build(go);
    expect(await go.versions('mycompany.com/go/foo')).toEqual(['v1.0.0']);
  });

  it('is built at a third site, which was given the module cache of a developer', async () => {
    await using third = await startServer({
      vanity: { host: 'mycompany.com', paths: { '/go/{name}': `${git.url}/{name}.git` } },
      config: { upstream: 'off' },
      env: NO_NETWORK,
    });
    const from = path.join(goPath, 'pkg/mod');
    const { code, stdout } = await modhaven(['import', '--config', third.configFile, from]);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^\S+: GOMODCACHE\n(?:.*\n)*\d+ records of sum\.golang\.org: \d+ imported, /);
    await build(await developer({ GOPROXY: third.url }));
  });
});
