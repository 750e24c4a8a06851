/** docs/air-gapped.md as an admin would follow it, on two machines, with the very commands and files of the page. */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { copyReport } from '../../src/cli/output/copy-report.js';
import { missingReport } from '../../src/cli/export.js';
import { sumErrors } from '../../src/cli/output/sum-errors.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { goClient, type GoClient } from '../support/go.js';
import { guideBlocks, readGuide } from '../support/guide.js';
import type { Stoppable } from '../support/loopback.js';
import { publicProxy } from '../support/hosts/public-proxy.js';
import { missing } from '../support/requirements.js';
import { run, type Env } from '../support/run.js';
import { CLI, startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const GUIDE = 'air-gapped.md';
const proxy = missing('git', 'go') ? undefined : publicProxy();
const PUBLIC_ENV = proxy?.env ?? {};

const GO_MOD =
  'module example.test/main\n\ngo 1.21\n\nrequire mycompany.com/go/foo v1.0.0\nrequire rsc.io/quote v1.5.2\n';
const PROGRAM = `package main

import (
	"fmt"

	"mycompany.com/go/foo"
	"rsc.io/quote"
)

func main() { fmt.Println(foo.Word, quote.Glass()) }
`;

describe(`docs/${GUIDE}`, () => {
  it('shows settings that exist', () => {
    const files = guideBlocks(GUIDE).filter(({ file }) => file === 'modhaven.yaml');
    const [connected, airGapped] = files.map(({ text }) => parseConfig(text, '/etc/modhaven.yaml', {}));
    expect([connected?.upstream.length, airGapped?.upstream.length]).toEqual([1, 0]);
    expect([connected?.warnings, airGapped?.warnings]).toEqual([[], []]);
  });

  it('explains every word that begins a complaint', () => {
    const version = { module: parseModulePath('ex.test/a'), version: 'v1.0.0' as const, added: [] };
    const faults = [{ part: 'zip' as const, problem: 'is bad' }];
    const sum = { kind: 'zip' as const, hash: 'h1:a=', stored: 'h1:b=', place: 'go.sum:1' };
    const said = [
      copyReport(
        [
          { ...version, outcome: 'damaged', faults },
          { ...version, outcome: 'different', faults },
        ],
        [{ database: 'sum.test', treeSize: 1, added: 0, same: 0, faults: ['a tile is missing'] }],
        'imported',
      ),
      missingReport([version]).join('\n'),
      sumErrors([{ ...version, query: 'v1.0.0', mismatches: [sum] }]).join('\n'),
    ].join('\n');
    const words = [...said.matchAll(/^([A-Z]+(?: [A-Z]+)*) /gm)].map(([, word]) => word);
    const explained = [...readGuide(GUIDE).matchAll(/^\| `([A-Z ]+)` \|/gm)].map(([, word]) => word);
    expect(explained).toEqual(['DAMAGED', 'DIFFERENT', 'MISSING', 'SECURITY ERROR', 'NOT PROVED']);
    expect([...words].sort()).toEqual([...explained].sort());
  });
});

describe.skipIf(proxy === undefined)(`the commands of docs/${GUIDE}`, () => {
  let git: GitHttpHost;
  let go: GoClient;
  /** HOME of each machine; the second is never connected. */
  const homes: string[] = [];
  const started: Stoppable[] = [];

  beforeAll(async () => {
    const root = await tempDir('guide-git');
    const foo = await repo(path.join(root, 'go/foo.git'));
    const files = {
      'go.mod': 'module mycompany.com/go/foo\n',
      'foo.go': 'package foo\n\nconst Word = "foo"\n',
    };
    await foo.write(files).commit('first');
    await foo.tag('v1.0.0');
    started.push((git = await gitHttpHost(root)));
    for (const name of ['connected', 'air-gapped']) {
      const home = await tempDir(name);
      await mkdir(path.join(home, 'bin'));
      const script = path.join(home, 'bin/modhaven');
      await writeFile(script, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
      await chmod(script, 0o755);
      homes.push(home);
    }
    // The program, with a go.sum that its developer's go made.
    const everyday = await startServer({
      vanity: { host: 'mycompany.com', paths: { '/go/{name}': `${git.url}/go/{name}.git` } },
      config: { upstream: proxy?.url },
      env: PUBLIC_ENV,
    });
    started.push(everyday);
    started.push((go = await goClient({ GOPROXY: everyday.url, GOFLAGS: '-mod=mod -modcacherw' })));
    await writeFile(path.join(go.dir, 'go.mod'), GO_MOD);
    await writeFile(path.join(go.dir, 'main.go'), PROGRAM);
    const built = await go.run('build', '-o', 'first', '.');
    expect(built.code, built.stderr).toBe(0);
    for (const home of homes) await cp(go.dir, path.join(home, 'src/program'), { recursive: true });
  });
  afterAll(async () => {
    for (const each of started.reverse()) await each.stop();
  });

  /** Follows the blocks under `heading` on a machine; what the commands printed. */
  async function follow(home: string, heading: string, env: Env): Promise<string> {
    let printed = '';
    for (const { language, file, text } of guideBlocks(GUIDE).filter((block) => block.heading === heading)) {
      const here = text
        .replaceAll('https://gitlab.mycompany.com', git.url)
        .replaceAll('https://goproxy.example', proxy?.url ?? '');
      if (file !== undefined) await writeFile(path.join(home, file), here);
      if (language !== 'sh') continue;
      const result = await run('sh', ['-eu', '-c', here], {
        cwd: home,
        env: { HOME: home, PATH: `${home}/bin:${process.env.PATH ?? ''}`, ...env },
        timeoutMs: 100_000,
      });
      expect({ here, ...result }).toMatchObject({ code: 0 });
      printed += result.stdout;
    }
    return printed;
  }

  it('bring a build to a site without a network', async () => {
    const [connected = '', airGapped = ''] = homes;
    const first = await follow(connected, '1. Where there is a network', PUBLIC_ENV);
    expect(first).toMatch(/^\d+ versions: \d+ exported, 0 there before$/m);
    await git.stop();
    for (const name of ['transfer.tar', 'vanity.yaml']) {
      await cp(path.join(connected, name), path.join(airGapped, name));
    }

    const noNetwork = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };
    const second = await follow(airGapped, '2. Where there is none', noNetwork);
    expect(second).toMatch(/^\d+ records of sum\.golang\.org: \d+ imported, 0 there before/m);
    expect(second).toContain('export GONOSUMDB=mycompany.com');

    // Developers there, with what `env` prints, but for the name that no DNS of this machine knows.
    const [config = '', vanity = ''] = await Promise.all(
      ['modhaven.yaml', 'vanity.yaml'].map((name) => readFile(path.join(airGapped, name), 'utf8')),
    );
    const server = await startServer({ dir: airGapped, config, vanity, env: noNetwork });
    started.push(server);
    const own = { GOSUMDB: 'sum.golang.org', GONOSUMDB: 'mycompany.com', GOFLAGS: '-mod=mod -modcacherw' };
    const developer = await goClient({ GOPROXY: server.url, ...own, ...noNetwork });
    started.push(developer);
    for (const name of ['go.mod', 'main.go']) {
      await cp(path.join(go.dir, name), path.join(developer.dir, name));
    }
    const built = await developer.run('run', '.');
    expect([built.code, built.stdout], built.stderr).toEqual([
      0,
      "foo I can eat glass and it doesn't hurt me.\n",
    ]);

    await follow(airGapped, 'Without a server there', { ...noNetwork, ...(await goEnv()) });
    expect((await run(path.join(airGapped, 'program'), [])).stdout).toBe(built.stdout);
  });

  /** What a `go` needs that runs in a terminal, with a module cache that is empty. */
  async function goEnv(): Promise<Env> {
    const home = await tempDir('terminal');
    return {
      GOPATH: path.join(home, 'gopath'),
      GOCACHE: fileURLToPath(new URL('../../node_modules/.cache/go-build', import.meta.url)),
      GOENV: 'off',
      GOTOOLCHAIN: 'local',
      GOSUMDB: 'sum.golang.org',
      GOTELEMETRY: 'off',
      PATH: `${process.env.PATH ?? ''}:/usr/local/go/bin`,
    };
  }
});
