/**
 * docs/wireguard.md, done: its two confs make the tunnel, its YAML the server, and developer, server and git host are
 * where the guide has them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logged } from '../support/ask.js';
import { parse, stringify } from 'yaml';
import { startDaemon, type Daemon } from '../support/process/daemon.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { goClient } from '../support/go.js';
import { guideBlock } from '../support/guide.js';
import type { Stoppable } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { mustRun, type RunResult } from '../support/run.js';
import { CLI } from '../support/server.js';
import { sshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { wireguardLab, type WireguardLab } from '../support/hosts/wireguard-lab.js';

const GUIDE = 'wireguard.md';
const PROXY = 'http://10.0.0.1:10000';

const here = !missing('root', 'wireguard', 'mount-namespace', 'git', 'go', 'ssh', 'sshd');
const tools = here && !missing('ip', 'sysctl', 'wg', 'wg-quick');

describe.skipIf(!tools)('modhaven and WireGuard', () => {
  let lab: WireguardLab;
  let dir: string;
  const started: Stoppable[] = [];

  beforeAll(async () => {
    started.push((lab = await wireguardLab(await confsOfGuide())));
    await lab.c.mustRun('sh', ['-euc', commands('ip route add')]);
    const root = await tempDir('lan');
    for (const name of ['foo', 'common']) {
      const r = await repo(path.join(root, `go/${name}.git`));
      await r.write({ 'go.mod': `module mycompany.com/go/${name}\n` }).commit('first');
      await r.tag('v1.0.0');
    }
    const http = await gitHttpHost(root);
    const ssh = await sshdHost(root, { user: 'git' });
    started.push(http, ssh);
    await lab.c.expose('192.168.1.123:80', http.port);
    await lab.c.expose('192.168.1.123:29418', ssh.port);

    dir = await tempDir('tunnel-end');
    const knownHosts = await readFile(ssh.knownHostsFile, 'utf8');
    await writeFile(
      path.join(dir, 'known_hosts'),
      knownHosts.replace(`[127.0.0.1]:${ssh.port}`, '[192.168.1.123]:29418'),
    );
    const entry = { identity_file: ssh.identityFile, known_hosts_file: './known_hosts' };
    const config = parse(guideBlock(GUIDE, ({ file }) => file === 'modhaven.yaml')) as object;
    await writeFile(
      path.join(dir, 'modhaven.yaml'),
      stringify({ ...config, refresh: '0s', vcs: { hosts: { '192.168.1.123:29418': entry } } }),
    );
    await writeFile(
      path.join(dir, 'vanity.yaml'),
      guideBlock(GUIDE, ({ file }) => file === 'vanity.yaml'),
    );
    started.push(await serve(dir));
  }, 600_000);

  afterAll(async () => {
    for (const one of started.reverse()) await one.stop();
  });

  /** `modhaven serve` on the machine at the tunnel's near end. */
  async function serve(where: string): Promise<Daemon> {
    const [enter = '', ...into] = lab.a.prefix;
    const args = [...into, process.execPath, CLI, 'serve', '--config', path.join(where, 'modhaven.yaml')];
    return startDaemon(enter, args, {
      cwd: where,
      env: { HOME: where },
      isReady: (log) => log.includes('modhaven is ready'),
    });
  }

  /** What the guide says about a modhaven command, done there. */
  async function follow(words: string, where = dir): Promise<RunResult> {
    const bin = await tempDir('bin');
    const program = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
    await writeFile(path.join(bin, 'modhaven'), program, { mode: 0o755 });
    const env = { HOME: where, PATH: `${bin}:${process.env.PATH ?? ''}` };
    return lab.a.run('sh', ['-euc', commands(words)], { cwd: where, env });
  }

  /** Another server's files: rules that lead to hosts in the LAN, and a short wait for silent ones. */
  async function files(paths: Record<string, string>, connectTimeout: string): Promise<string> {
    const where = path.join(await tempDir('lost'), 'etc');
    await mkdir(where);
    const config = { listen: '10.0.0.1:10001', vcs: { connect_timeout: connectTimeout } };
    await writeFile(path.join(where, 'modhaven.yaml'), stringify(config));
    await writeFile(path.join(where, 'vanity.yaml'), stringify({ host: 'mycompany.com', paths }));
    return where;
  }

  it('lets a developer behind one peer build with modhaven behind the other', async () => {
    const settings = (await follow('modhaven env')).stdout;
    const env = Object.fromEntries(
      [...settings.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    ) as { GOPROXY: string };
    expect(env.GOPROXY).toBe(PROXY);
    const PATH = `${await lab.b.shim('go')}:${process.env.PATH ?? ''}`;
    await using go = await goClient({ ...env, PATH });
    expect(await go.versions('mycompany.com/go/foo')).toEqual(['v1.0.0']);
    expect(await go.downloadJson('mycompany.com/go/foo@latest')).toMatchObject({ Version: 'v1.0.0' });
    expect(await go.downloadJson('mycompany.com/go/common@latest')).toMatchObject({ Version: 'v1.0.0' });

    // Without the tunnel there is no server: nothing else could have answered.
    await using outside = await goClient(env);
    expect((await outside.run('list', '-m', '-versions', 'mycompany.com/go/foo')).code).not.toBe(0);
  });

  it('lets modhaven fetch from a git host behind the peer, over http and over ssh', async () => {
    expect(await follow('modhaven check')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /192\.168\.1\.123\/go\/foo\.git +yes[^]*common\.git +yes[^]*2 of 2/,
      ) as string,
    });
    expect(await lab.a.mustRun('sh', ['-euc', commands('wg show')])).toContain('latest handshake');
  });

  it('says so when the host behind the peer is not there', async () => {
    // The gateway asks for it in the LAN for some seconds before it says that no machine answers.
    const silent = await files({ '/go/absent': 'http://192.168.1.200/go/absent.git' }, '2s');
    const overHttp = await follow('modhaven check', silent);
    expect(overHttp.code).toBe(1);
    expect(overHttp.stdout).toContain('192.168.1.200:80 did not answer within 2 s');
    expect(overHttp.stdout).toContain('VPN and routes');

    const absent = await files({ '/go/absent': 'ssh://git@192.168.1.200/go/absent.git' }, '20s');
    const overSsh = await follow('modhaven check', absent);
    expect(overSsh.code).toBe(1);
    expect(overSsh.stdout).toContain('there is no way from the modhaven server to 192.168.1.200');
    expect(overSsh.stdout).toContain('check routes and VPN of the server (WireGuard:');
  });

  // The last one: the tunnel does not come back.
  it('gives up in time when the peer is gone', async () => {
    const where = await files(
      {
        '/go/http': 'http://192.168.1.123/go/foo.git',
        '/go/ssh': 'ssh://git@192.168.1.123:29418/go/common.git',
      },
      '2s',
    );
    await using lost = await serve(where);
    await lab.b.mustRun('ip', ['link', 'set', 'wg0', 'down']);
    const [overHttp, overSsh] = await Promise.all(
      ['http', 'ssh'].map(async (name) => {
        const url = `http://10.0.0.1:10001/mycompany.com/go/${name}/@v/list`;
        const script = `fetch('${url}').then(async (r) => console.log(r.status + ' ' + await r.text()))`;
        return lab.a.mustRun(process.execPath, ['-e', script], { timeoutMs: 30_000 });
      }),
    );
    expect(overHttp).toMatch(/^504 /);
    expect(overHttp).toContain('192.168.1.123:80 did not answer within 2 s');
    expect(overHttp).toContain('tell the admin of ');
    expect(overSsh).toMatch(/^504 /);
    expect(overSsh).toContain('192.168.1.123:29418 did not answer');
    await logged(lost, 'HOST_TIMEOUT');
  });
});

/** The two wg0.conf of the guide, with keys made by its commands in place of the words for them. */
async function confsOfGuide(): Promise<{ a: string; b: string }> {
  const keys: Record<string, string> = {};
  for (const owner of ['SERVER', 'GATEWAY']) {
    const cwd = await tempDir('keys');
    keys[`${owner}-PUBLIC-KEY`] = (await mustRun('sh', ['-euc', commands('wg genkey')], { cwd })).trim();
    keys[`${owner}-PRIVATE-KEY`] = (await readFile(path.join(cwd, 'private.key'), 'utf8')).trim();
  }
  const conf = (address: string): string =>
    guideBlock(
      GUIDE,
      ({ language, text }) => language === 'ini' && text.includes(`Address = ${address}`),
    ).replace(/\b(?:SERVER|GATEWAY)-\w+-KEY\b/g, (word) => keys[word] ?? word);
  return { a: conf('10.0.0.1/24'), b: conf('10.0.0.2/24') };
}

/** The shell block of the guide that has these words in it. */
function commands(words: string): string {
  return guideBlock(GUIDE, ({ language, text }) => language === 'sh' && text.includes(words));
}
