/** What talks to an http host: this process where all is as usual, git where it is not. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import type { VcsSettings } from '../../../src/vcs/transport/access.js';
import { forwardProxy } from '../../support/relays/forward-proxy.js';
import { commandsIn, gitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun, sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { gitLog } from '../git-log.js';
import { codeHost, inMirror, lab, fileHost, oldProtocolHost, text, type Lab } from '../lab.js';
import { askers } from './answers.js';
import { frontHost } from './front-host.js';

/** So that the tests can set the clock. */
vi.mock('../../../src/concurrency/monotonic-clock.js', () => ({ monotonicNow: () => Date.now() }));

describe.skipIf(missing('git'))('who talks to an http host', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await l.host.stop();
  });

  /** Reads a version of the repository at `url`, its files and where it comes from. */
  async function read(code: Lab['code'], url = l.url): Promise<string[]> {
    const opened = await code.open(parseRepoUrl(url, '/'), 0, 'trees');
    const { hash } = await opened.stat('v1.1.0');
    expect(String(await opened.readFile(hash, 'go.mod'))).toBe('module example.com/foo\n');
    expect(await text(opened.archive(hash, ''))).toContain('package n // 1\n');
    return opened.tags('').list.map(({ name }) => name);
  }
  const VERSIONS = ['v1.0.0', 'v1.1.0', 'v1.2.0'];

  /** A code host with a new cache. */
  async function newCode(env?: NodeJS.ProcessEnv, settings: Partial<VcsSettings> = {}) {
    return codeHost(path.join(await tempDir('cache'), 'vcs'), settings, env);
  }

  /** A copy of the lab's repository beside it. */
  async function neighbour(name: string): Promise<string> {
    const dir = path.join(l.root, 'go', `${name}.git`);
    await mustRun('git', ['clone', '--quiet', '--bare', l.repo.dir, dir]);
    return `${l.host.url}/go/${name}.git`;
  }

  /** An account with this ~/.gitconfig. */
  async function account(gitconfig: string) {
    const home = await tempDir('home');
    const config = path.join(home, '.gitconfig');
    await writeFile(config, gitconfig);
    return { config, env: { ...sealedEnv(), HOME: home, GIT_CONFIG_GLOBAL: undefined } };
  }

  it('is this process; git only looks at its configuration, and reads and checks what came', async () => {
    const log = await gitLog();
    expect(await read(await newCode(log.env))).toEqual(VERSIONS);
    expect(askers(l.host.requests)).toEqual(['us']);
    const local = new Set(['config', 'index-pack', 'cat-file', 'archive', 'rev-list', 'pack-objects']);
    expect((await log.take()).filter((command) => !local.has(command))).toEqual([]);
  });

  it('keeps in the mirror what git would: a commit cut at its parents, and a ref that holds it', async () => {
    await (await l.open()).stat('v1.1.0');
    const hash = await l.repo.rev('v1.1.0');
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
    expect(await inMirror(l.vcsDir, 'content.git', 'rev-list', '--all')).toBe(`${hash}\n`);
    expect(await inMirror(l.vcsDir, 'content.git', 'for-each-ref', '--format=%(refname)')).toBe(
      `refs/modhaven/${hash}\n`,
    );
  });

  it('reads a commit that has no parents', async () => {
    await (await l.open()).stat('v1.0.0');
    expect(await inMirror(l.vcsDir, 'content.git', 'rev-list', '--all', '--count')).toBe('1\n');
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it('asks the host once what it can do, for all of its repositories', async () => {
    const code = await newCode();
    await read(code);
    l.host.requests.splice(0);
    expect(await read(code, await neighbour('bar'))).toEqual(VERSIONS);
    expect(l.host.requests.filter(({ method }) => method === 'GET')).toEqual([]);
    expect(askers(l.host.requests)).toEqual(['us']);
  });

  it('says that a neighbour does not exist in the words for it', async () => {
    const code = await newCode();
    await read(code);
    await expect(read(code, `${l.host.url}/go/nope.git`)).rejects.toMatchObject({ code: 'REPO_NOT_FOUND' });
  });

  it.each([
    { name: 'knows no filters', args: ['config', 'uploadpack.allowFilter', 'false'] },
    { name: 'has packed refs and no default branch', args: ['symbolic-ref', 'HEAD', 'refs/heads/gone'] },
    { name: 'hides branches', args: ['config', 'uploadpack.hideRefs', 'refs/heads'] },
  ])('reads a neighbour that $name', async ({ args }) => {
    const code = await newCode();
    const url = await neighbour('other');
    await mustRun('git', ['--git-dir', path.join(l.root, 'go/other.git'), ...args]);
    await read(code);
    expect(await read(code, url)).toEqual(VERSIONS);
    expect(await read(code)).toEqual(VERSIONS);
  });

  it('reads a sha256 repository beside one of sha1, and the other way round', async () => {
    const long = await repo(path.join(l.root, 'go/long.git'), { objectFormat: 'sha256' });
    await long.write({ 'go.mod': 'module example.com/foo\n', 'n.go': 'package n // 1\n' }).commit('one');
    await long.tag('v1.1.0');
    for (const order of [
      [l.url, `${l.host.url}/go/long.git`],
      [`${l.host.url}/go/long.git`, l.url],
    ]) {
      const code = await newCode();
      for (const url of order) await read(code, url);
    }
    expect(askers(l.host.requests)).toEqual(['us']);
  });

  it('reads a neighbour that is behind an older program at the same address', async () => {
    await using old = await oldProtocolHost(l.host.port);
    const url = await neighbour('old');
    // What a web server in front does with some of its paths.
    await using front = await frontHost(({ path: asked }) => ({
      port: asked.startsWith('/go/old') ? old.port : l.host.port,
    }));
    const at = (address: string) => address.replace(String(l.host.port), String(front.port));
    const code = await newCode();
    await read(code, at(l.url));
    expect(await read(code, at(url))).toEqual(VERSIONS);
    l.host.requests.splice(0);
    await code.open(parseRepoUrl(at(l.url), '/'), 0);
    expect(askers(l.host.requests)).toEqual(['us']);
  });

  it('is git for a while where the host speaks an older protocol, or only serves files', async () => {
    await using old = await oldProtocolHost(l.host.port);
    await l.repo.git('update-server-info');
    await using files = await fileHost(l.root);
    for (const { port } of [old, files]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
      const log = await gitLog();
      const code = await newCode(log.env);
      const url = `http://127.0.0.1:${port}/go/foo.git`;
      expect(await read(code, url)).toEqual(VERSIONS);
      expect(await log.take()).toContain('ls-remote');
      // The host is not asked again before git asks it.
      l.host.requests.splice(0);
      await code.open(parseRepoUrl(url, '/'), 0);
      if (port === old.port) expect(askers(l.host.requests)).toEqual(['git']);
      vi.useRealTimers();
    }
  });

  it('tries a host anew that was left to git five minutes ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const code = await newCode();
    const open = async () => {
      l.host.requests.splice(0);
      await code.open(parseRepoUrl(l.url, '/'), 0).catch(() => undefined);
      return askers(l.host.requests);
    };
    l.host.setFailure('/', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
    expect(await open()).toEqual(['git', 'us']);
    l.host.setFailure('/', undefined);
    vi.advanceTimersByTime(4 * 60_000);
    expect(await open()).toEqual(['git']);
    vi.advanceTimersByTime(2 * 60_000);
    expect(await open()).toEqual(['us']);
  });

  it('is git where the host sends us elsewhere, and follows as git does', async () => {
    l.host.setFailure('/moved', { redirectTo: `${l.host.url}/go/foo` });
    const code = await newCode();
    expect(await read(code, `${l.host.url}/moved.git`)).toEqual(VERSIONS);
    expect(askers(l.host.requests)).toEqual(['git', 'us']);
    const stay = await newCode(undefined, { followRedirects: false });
    await expect(read(stay, `${l.host.url}/moved.git`)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  describe('settings of the account, which git knows', () => {
    const asksWith = async (env: NodeJS.ProcessEnv, url = l.url) => {
      l.host.requests.splice(0);
      expect(await read(await newCode(env), url)).toEqual(VERSIONS);
      return askers(l.host.requests);
    };

    it('none, or none of http', async () => {
      expect(await asksWith((await account('[user]\n\tname = x\n[fetch]\n\tprune = true\n')).env)).toEqual([
        'us',
      ]);
      expect(await asksWith({ ...sealedEnv(), http_proxy: '', no_proxy: 'x' })).toEqual(['us']);
    });

    it('another address in place of the one in the rule', async () => {
      const { env } = await account(`[url "${l.host.url}/"]\n\tinsteadOf = http://old.example/\n`);
      expect(await asksWith(env, 'http://old.example/go/foo.git')).toEqual(['git']);
    });

    it('a header for every request', async () => {
      const { env } = await account('[http]\n\textraHeader = Authorization: Basic eDp5\n');
      expect(await asksWith(env)).toEqual(['git']);
      expect(l.host.requests.every(({ authorization }) => authorization === 'Basic eDp5')).toBe(true);
    });

    it('a check of every object that comes', async () => {
      expect(await asksWith((await account('[transfer]\n\tfsckObjects = true\n')).env)).toEqual(['git']);
    });

    it('a web proxy, in the configuration or a variable', async () => {
      await using proxy = await forwardProxy({ 'git.example': l.host.port });
      const url = 'http://git.example/go/foo.git';
      const { env } = await account(`[http]\n\tproxy = ${proxy.url}\n`);
      expect(await asksWith(env, url)).toEqual(['git']);
      expect(await asksWith({ ...sealedEnv(), http_proxy: proxy.url }, url)).toEqual(['git']);
      expect(await asksWith({ ...sealedEnv(), ALL_PROXY: proxy.url }, url)).toEqual(['git']);
      expect(proxy.refused).toEqual([]);
    });

    it('no web proxy that is for others', async () => {
      await using proxy = await forwardProxy({});
      expect(await asksWith({ ...sealedEnv(), https_proxy: proxy.url, HTTP_PROXY: proxy.url })).toEqual([
        'us',
      ]);
      expect(await asksWith({ ...sealedEnv(), ...proxy.env, no_proxy: 'x.example,127.0.0.1' })).toEqual([
        'us',
      ]);
      expect(proxy.requests).toEqual([]);
    });

    it('counts within five seconds where it is edited', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
      const log = await gitLog((await account('')).env);
      const code = await newCode(log.env);
      await read(code);
      await log.take();
      await writeFile(path.join(log.env.HOME ?? '', '.gitconfig'), '[http]\n\textraHeader = X-Site: 1\n');
      l.host.requests.splice(0);
      vi.advanceTimersByTime(4_000);
      await code.open(parseRepoUrl(l.url, '/'), 0);
      expect(askers(l.host.requests.splice(0))).toEqual(['us']);
      expect(await log.take()).toEqual([]);
      vi.advanceTimersByTime(2_000);
      await code.open(parseRepoUrl(l.url, '/'), 0);
      expect(askers(l.host.requests)).toEqual(['git']);
      expect(await log.take()).toEqual(['config', 'ls-remote']);
    });

    it('is left to git to complain about where it cannot be read', async () => {
      const { env } = await account('[http\n');
      const open = (await newCode(env)).open(parseRepoUrl(l.url, '/'), 0);
      await expect(open).rejects.toMatchObject({ reason: expect.stringContaining('bad config') as string });
    });
  });

  it('talks to fifty new repositories at once within vcs.concurrency', async () => {
    // As many addresses of one repository.
    await using front = await frontHost(({ path: asked }) => ({
      port: l.host.port,
      path: asked.replace(/foo\d+/, 'foo'),
    }));
    const code = await newCode(undefined, { concurrency: 4 });
    const names = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const remote = parseRepoUrl(`${front.url}/go/foo${i}.git`, '/');
        return (await (await code.open(remote, 0)).stat('v1.0.0')).name;
      }),
    );
    expect(names).toEqual(Array.from({ length: 50 }, () => 'v1.0.0'));
    expect(front.mostAtOnce()).toBeGreaterThan(1);
    expect(front.mostAtOnce()).toBeLessThanOrEqual(4);
    expect(commandsIn(l.host.requests)).toHaveLength(100);
  });

  it('gives its name and the version of the protocol, and no login where none is asked for', async () => {
    await using plain = await gitHttpHost(l.root);
    const hosts = new Map([[`127.0.0.1:${plain.port}`, { token: 'canary' }]]);
    await read(await newCode(undefined, { hosts }), `${plain.url}/go/foo.git`);
    for (const request of plain.requests) {
      expect(request).toMatchObject({
        userAgent: 'git/2.0 (modhaven)',
        gitProtocol: 'version=2',
        authorization: undefined,
      });
    }
  });
});
