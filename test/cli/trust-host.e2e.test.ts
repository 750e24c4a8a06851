/** `trust-host` against real sshds, and what it writes in the eyes of ssh. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { check } from '../../src/cli/check.js';
import { trustHost, type TrustHostOptions } from '../../src/cli/trust-host.js';
import { repo } from '../support/git/git-repo.js';
import { freePort, listenOnLoopback } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { mustRun, run, type RunResult } from '../support/run.js';
import { CLI, modhaven } from '../support/server.js';
import { sshdHost, type SshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { files } from './support/files.js';
import { sealedAccount } from './support/in-process.js';

const OLD = { KexAlgorithms: '+diffie-hellman-group14-sha1', HostKeyAlgorithms: '+ssh-rsa' };

describe.skipIf(missing('git', 'ssh', 'sshd'))('trustHost', () => {
  sealedAccount();
  let root: string;
  beforeAll(async () => {
    root = await tempDir('trust');
    const r = await repo(path.join(root, 'foo.git'));
    await r.write({ 'go.mod': 'module my.corp/foo\n' }).commit('first');
  });

  /** A configuration for `host` with a known hosts file of its own, which holds `known` or is not there. */
  async function lab(
    host: { port: number; identityFile?: string; connectTimeout?: string },
    known?: string,
    options = {},
  ) {
    const at = `127.0.0.1:${host.port}`;
    const entry = {
      ...(host.identityFile === undefined ? {} : { identity_file: host.identityFile }),
      known_hosts_file: './new/known hosts',
      ssh_options: options,
    };
    const { dir, config } = await files({
      config: stringify({ vcs: { connect_timeout: host.connectTimeout ?? '20s', hosts: { [at]: entry } } }),
      vanity: stringify({
        host: 'my.corp',
        paths: { '/foo': `ssh://${userInfo().username}@${at}/foo.git` },
      }),
    });
    const file = path.join(dir, 'new/known hosts');
    if (known !== undefined) {
      await mustRun('mkdir', [path.dirname(file)]);
      await writeFile(file, known);
    }
    const trust = (more: Partial<TrustHostOptions> = {}) =>
      trustHost({ host: at, config, ask: undefined, ...more });
    const content = async () => readFile(file, 'utf8').catch(() => undefined);
    return { at, config, file, trust, content };
  }

  async function fingerprintOf(host: SshdHost): Promise<string> {
    const listed = await mustRun('ssh-keygen', ['-l', '-f', host.knownHostsFile]);
    return /SHA256:\S+/.exec(listed)?.[0] ?? 'none';
  }

  it('records the key that has the fingerprint, once, and git reads from there', async () => {
    await using host = await sshdHost(root);
    const { at, config, file, trust, content } = await lab(host);
    const fingerprint = await fingerprintOf(host);
    const { text, ok } = await trust({ yes: true, fingerprint });
    expect(ok).toBe(true);
    expect(text).toBe(`ED25519 ${fingerprint} of [127.0.0.1]:${host.port}: written to ${file}\n`);
    const written = await content();
    expect(written).toBe(keyLine(await readFile(host.knownHostsFile, 'utf8')));
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const again = await trust({ yes: true, fingerprint });
    expect(again).toEqual({ text: `${at} is trusted already, in ${file}\n`, ok: true });
    expect(await content()).toBe(written);

    const report = JSON.parse((await check({ config, modules: [], json: true })).text) as { rules: object[] };
    expect(report.rules).toMatchObject([{ reached: true }]);
  });

  it('asks, and writes nothing without a yes', async () => {
    await using host = await sshdHost(root);
    const { trust, content } = await lab(host);
    const asked: string[] = [];
    const answer = (value: boolean) => (text: string) => {
      asked.push(text);
      return Promise.resolve(value);
    };
    expect(await trust({ ask: answer(false) })).toEqual({ text: 'nothing was written\n', ok: false });
    expect(await content()).toBeUndefined();
    expect(asked[0]).toContain(`ED25519 ${await fingerprintOf(host)}`);
    expect(await trust({ ask: answer(true) })).toMatchObject({ ok: true });
    expect(await content()).toContain(`[127.0.0.1]:${host.port} ssh-ed25519 `);
  });

  it('leaves what the file holds as it is', async () => {
    await using host = await sshdHost(root);
    const before = 'git.corp ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZpcnN0'; // no line end
    const { trust, content } = await lab(host, before);
    await trust({ yes: true, fingerprint: await fingerprintOf(host) });
    expect(await content()).toBe(`${before}\n${keyLine(await readFile(host.knownHostsFile, 'utf8'))}`);
  });

  it('knows a host by its hashed name', async () => {
    await using host = await sshdHost(root);
    const { file, trust } = await lab(host, keyLine(await readFile(host.knownHostsFile, 'utf8')));
    await mustRun('ssh-keygen', ['-H', '-f', file]);
    const hashed = await readFile(file, 'utf8');
    expect(hashed).not.toContain('127.0.0.1');
    expect((await trust()).text).toContain('is trusted already');
    expect(await readFile(file, 'utf8')).toBe(hashed);
  });

  it('gets the key of a legacy host with its ssh_options', async () => {
    await using host = await sshdHost(root, { mode: 'legacy' });
    const { trust, content } = await lab(host, undefined, OLD);
    await trust({ yes: true, fingerprint: await fingerprintOf(host) });
    expect(await content()).toBe(keyLine(await readFile(host.knownHostsFile, 'utf8')));
  });

  it('writes where ssh_options say that ssh looks, under the name that ssh uses', async () => {
    await using host = await sshdHost(root);
    const elsewhere = path.join(await tempDir('elsewhere'), 'hosts');
    const options = { UserKnownHostsFile: elsewhere, HostKeyAlias: 'git.corp' };
    const { config, trust, content } = await lab(host, undefined, options);
    await trust({ yes: true, fingerprint: await fingerprintOf(host) });
    expect(await readFile(elsewhere, 'utf8')).toMatch(/^git\.corp ssh-ed25519 /);
    expect(await content()).toBeUndefined();
    expect(await check({ config, modules: [] })).toMatchObject({ ok: true });
  });

  const refusals: {
    name: string;
    mode?: 'legacy';
    known?: (own: string, other: string) => string;
    options?: Partial<TrustHostOptions>;
    says: { code: string; text: string[] };
  }[] = [
    {
      name: 'a fingerprint that no key has',
      options: { yes: true, fingerprint: `SHA256:${'A'.repeat(43)}` },
      says: { code: 'HOST_REFUSED', text: [`has the fingerprint SHA256:AAA`, 'it shows ED25519 SHA256:'] },
    },
    {
      name: 'a key that differs from the recorded one',
      known: (_own, other) => other,
      options: { ask: () => Promise.resolve(true) },
      says: {
        code: 'HOST_REFUSED',
        text: [
          'is not the one that was recorded',
          'known hosts:1 has ED25519 SHA256:',
          'ssh-keygen -R "[127.0.0.1]:',
        ],
      },
    },
    {
      name: 'a recorded key of another type, which the host no longer shows',
      known: () => `[127.0.0.1]:PORT ssh-rsa ${RSA}\n`,
      options: { ask: () => Promise.resolve(true) },
      says: { code: 'HOST_REFUSED', text: ['has RSA SHA256:', 'the host shows ED25519 SHA256:'] },
    },
    {
      name: 'a revoked key',
      known: (own) => `@revoked ${own}`,
      options: { ask: () => Promise.resolve(true) },
      says: { code: 'HOST_REFUSED', text: ['was revoked'] },
    },
    {
      name: 'a legacy host without ssh_options',
      mode: 'legacy',
      options: { ask: () => Promise.resolve(true) },
      says: { code: 'HOST_REFUSED', text: ['old key exchange', 'HostKeyAlgorithms: +ssh-rsa'] },
    },
    {
      name: 'no terminal to ask on',
      says: {
        code: 'CONFIG',
        text: ['no terminal', 'it shows ED25519 SHA256:', '--yes --fingerprint SHA256:'],
      },
    },
    {
      name: '--yes without a fingerprint',
      options: { yes: true },
      says: { code: 'CONFIG', text: ['--yes --fingerprint SHA256:'] },
    },
    {
      name: 'a fingerprint that is none',
      options: { yes: true, fingerprint: 'MD5:aa:bb' },
      says: { code: 'CONFIG', text: ['is not a fingerprint'] },
    },
    ...['git@h', 'ssh://h', 'h/x', 'h:port', '-oProxyCommand=x', 'h:70000', ''].map((host) => ({
      name: `the host ${JSON.stringify(host)}`,
      options: { host },
      says: { code: 'CONFIG', text: ['is not HOST or HOST:PORT'] },
    })),
  ];
  it.each(refusals)('refuses and writes nothing: $name', async ({ mode, known, options, says }) => {
    await using host = await sshdHost(root, mode === undefined ? {} : { mode });
    const own = keyLine(await readFile(host.knownHostsFile, 'utf8'));
    const before = known?.(own, await otherKey(host)).replace('PORT', String(host.port));
    const { trust, content } = await lab(host, before);
    const error = await trust(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: says.code });
    const { message, reason, remedy } = error as { message: string; reason?: string; remedy?: string };
    for (const text of says.text) expect([message, reason, remedy].join('; ')).toContain(text);
    expect(await content()).toBe(before);
  });

  it.each([
    { name: 'nothing listens', says: { code: 'HOST_UNREACHABLE' }, silent: false },
    { name: 'a server listens and says nothing', says: { code: 'HOST_TIMEOUT' }, silent: true },
  ])('says why there is no key: $name', async ({ says, silent }) => {
    await using nobody = await listenOnLoopback(createServer());
    const { at, trust } = await lab({
      port: silent ? nobody.port : await freePort(),
      connectTimeout: '2s',
    });
    await expect(trust({ ask: () => Promise.resolve(true) })).rejects.toMatchObject({
      ...says,
      message: `cannot get the host keys of ${at}`,
    });
  });

  /** The command itself, with both outputs. */
  async function command(host: SshdHost, config: string, args: string[]): Promise<RunResult> {
    return modhaven(['trust-host', `127.0.0.1:${host.port}`, '--config', config, ...args]);
  }

  it('exits with 2 where there is no terminal, with 1 for a wrong fingerprint, with 0 for the right one', async () => {
    await using host = await sshdHost(root);
    const { config } = await lab(host);
    const unasked = await command(host, config, []);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toContain('--yes --fingerprint SHA256:');
    const wrong = `SHA256:${'B'.repeat(43)}`;
    expect(await command(host, config, ['--yes', '--fingerprint', wrong])).toMatchObject({
      code: 1,
      stdout: '',
    });
    const right = ['--yes', '--fingerprint', await fingerprintOf(host)];
    expect(await command(host, config, right)).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(missing('script'))('takes the answer from a terminal', async () => {
    await using host = await sshdHost(root);
    const { at, config, content } = await lab(host);
    const line = `${process.execPath} ${CLI} trust-host ${at} --config ${config}`;
    const answer = (input: string) =>
      run('script', ['-qec', line, '/dev/null'], { input, env: { TERM: 'xterm' } });
    const no = await answer('no\n');
    expect(no.stdout).toContain(`ED25519 ${await fingerprintOf(host)}`);
    expect([no.code, await content()]).toEqual([1, undefined]);
    const yes = await answer('yes\n');
    expect([yes.code, await content()]).toEqual([0, keyLine(await readFile(host.knownHostsFile, 'utf8'))]);
  });

  async function otherKey(host: SshdHost): Promise<string> {
    const file = path.join(await tempDir('other'), 'key');
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    return keyLine(`[127.0.0.1]:${host.port} ${await readFile(`${file}.pub`, 'utf8')}`);
  }
});

/** Any RSA key. */
const RSA = `AAAAB3NzaC1yc2EAAAADAQABAAAB${'A'.repeat(340)}`;

/** A line of known_hosts without its comment. */
function keyLine(line: string): string {
  return `${line.trim().split(' ').slice(0, 3).join(' ')}\n`;
}
