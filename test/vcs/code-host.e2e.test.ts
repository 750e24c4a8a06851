import { readdir, readFile, writeFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { listenOnLoopback } from '../support/loopback.js';
import { run, sealedEnv } from '../support/run.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { tempDir } from '../support/tmp.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { codeHost, lab, settingsOf, errorOf, silentPort, type Lab } from './lab.js';

describe.skipIf(missing('git'))('createCodeHost', () => {
  describe('questions for refs', () => {
    let l: Lab;
    beforeAll(async () => {
      l = await lab();
    });
    beforeEach(() => l.asked());
    afterAll(async () => l.host.stop());

    it('asks once for a hundred readers at the same time', async () => {
      const repos = await Promise.all(Array.from({ length: 100 }, () => l.open(0)));
      expect(new Set(repos.map(({ asOf }) => asOf)).size).toBe(1);
      expect(l.asked()).toBe(1);
    });

    it('does not ask where the refs are young enough', async () => {
      await l.open();
      l.asked();
      await l.open();
      expect(l.asked()).toBe(0);
    });

    it('answers a reader that wants new refs from a question after its request', async () => {
      const first = l.open(0);
      await expect.poll(() => l.host.requests.length).toBeGreaterThan(0);
      // The host may have listed its tags for the first question already.
      await l.repo.tag('v1.9.0', { at: 'v1.0.0' });
      const requestedAt = Date.now();
      const others = await Promise.all(Array.from({ length: 10 }, () => l.open(0)));
      expect(others.map(({ asOf }) => asOf >= requestedAt)).not.toContain(false);
      expect(others[9]?.tags('v1.9').list).toMatchObject([{ name: 'v1.9.0' }]);
      await first;
      expect(l.asked()).toBe(2);
    });

    it('knows the default branch, and no refs but branches and tags', async () => {
      const commit = await l.repo
        .checkout('refs/changes/01/1/1')
        .write({ a: 'review' })
        .commit('under review');
      const r = await l.open(0);
      expect(r.defaultBranch).toBe('main');
      for (const revision of ['refs/changes/01/1/1', 'changes/01/1/1', commit, commit.slice(0, 12)]) {
        expect(await errorOf(r.stat(revision))).toMatchObject({ code: 'VERSION_NOT_FOUND' });
      }
      l.repo.checkout('main');
    });
  });

  describe('hosts that fail', () => {
    it('remembers for a while that a host is silent', async () => {
      const { port, stop } = await silentPort();
      const url = `http://127.0.0.1:${port}/x.git`;
      const code = codeHost(await tempDir('silent'), { connectTimeoutMs: 300 });
      const remote = parseRepoUrl(url, '/');
      const first = await errorOf(code.open(remote, 0));
      expect(first).toMatchObject({ code: 'HOST_TIMEOUT', reason: expect.stringContaining('1 s') as string });
      expect(await errorOf(code.open(remote, 0))).toBe(first);
      expect(code.problems()).toMatchObject([{ url, error: first }]);
      await stop();
    });

    it('leaves a silent host to git where its configuration names a web proxy', async () => {
      const { port, stop } = await silentPort();
      const config = path.join(await tempDir('home'), 'gitconfig');
      await writeFile(config, '[http]\n\tproxy = http://127.0.0.1:1\n');
      const env = { ...sealedEnv(), GIT_CONFIG_GLOBAL: config };
      const code = codeHost(await tempDir('proxied'), { connectTimeoutMs: 300 }, env);
      const error = await errorOf(code.open(parseRepoUrl(`http://127.0.0.1:${port}/x.git`, '/'), 0));
      expect(error.reason).toContain('nothing listens at 127.0.0.1:1');
      await stop();
    });

    it('gives up a host that takes the connection and says nothing', async () => {
      await using host = await listenOnLoopback(createServer());
      const code = codeHost(await tempDir('hanging'), { connectTimeoutMs: 1_000 });
      const error = await errorOf(code.open(parseRepoUrl(`http://127.0.0.1:${host.port}/x.git`, '/'), 0));
      expect(error.code).toBe('HOST_TIMEOUT');
    });

    it('gives up at vcs.timeout whatever the host does', async () => {
      await using host = await listenOnLoopback(createServer());
      const code = codeHost(await tempDir('hanging'), { connectTimeoutMs: 30_000, timeoutMs: 1_000 });
      const error = await errorOf(code.open(parseRepoUrl(`http://127.0.0.1:${host.port}/x.git`, '/'), 0));
      expect(error).toMatchObject({ code: 'HOST_TIMEOUT', reason: expect.stringContaining('1 s') as string });
    });

    it('shares a failure among those who wait, and recovers', async () => {
      const l = await lab();
      l.host.setFailure('/', 503);
      const errors = await Promise.all(Array.from({ length: 20 }, () => errorOf(l.open(0))));
      expect(new Set(errors).size).toBe(1);
      expect(errors[0]).toMatchObject({ code: 'HOST_UNREACHABLE' });
      expect(l.host.requests.splice(0)).toHaveLength(1);
      l.host.setFailure('/', undefined);
      await l.open(0);
      expect(l.code.problems()).toEqual([]);
      await l.host.stop();
    });

    it.each([
      { name: 'the cache directory is a file', make: (dir: string) => writeFile(path.join(dir, 'vcs'), '') },
      { name: 'a mirror is a file', make: async () => Promise.resolve(), mirror: true },
    ])('says STORAGE where the disk is at fault: $name', async ({ make, mirror }) => {
      const dir = await tempDir('disk');
      await make(dir);
      const l = await lab({ vcsDir: path.join(dir, 'vcs') });
      const work = async () => {
        const r = await l.open(0);
        if (mirror === true) await writeFile(await nameOf(l), '');
        return r.stat('v1.0.0');
      };
      const error = await errorOf(work());
      expect(error).toMatchObject({
        code: 'STORAGE',
        remedy: expect.stringContaining('cache.dir') as string,
      });
      await l.host.stop();
    });

    it.skipIf(missing('mount-namespace'))('says STORAGE when the disk is full or read-only', async () => {
      const l = await lab();
      await l.repo
        .write({ big: Buffer.from(Array.from({ length: 900_000 }, () => Math.random() * 256)) })
        .commit('big');
      await l.repo.tag('v2.0.0');
      const dir = await tempDir('mount');
      const script = path.join(dir, 'script.mjs');
      const build = path.resolve(import.meta.dirname, '../../build');
      await writeFile(
        script,
        `import { createCodeHost } from '${build}/vcs/code-host.js';
import { parseRepoUrl } from '${build}/module/repo-url.js';
const settings = () => ({ timeoutMs: 60000, connectTimeoutMs: 5000, concurrency: 8, hosts: new Map() });
const code = createCodeHost({ dir: process.argv[2], settings });
const work = async () => (await code.open(parseRepoUrl('${l.url}', '/'), 0, 'files')).stat('v2.0.0');
await work().then(() => console.log('no error'), (e) => console.log(e.code, e.reason, '|', e.remedy));
`,
      );
      await mkdir(path.join(dir, 'disk'));
      for (const [mount, words] of [
        ['-o size=300k', 'No space left on device'],
        ['-o ro', '/disk/vcs'],
      ] as const) {
        const command = `mount -t tmpfs ${mount} tmpfs "$1" && exec "$2" "$3" "$1/vcs"`;
        const args = ['-m', 'sh', '-c', command, 'sh', path.join(dir, 'disk'), process.execPath, script];
        const { stdout, stderr } = await run('unshare', args);
        expect(stdout.toLowerCase() + stderr).toContain(words.toLowerCase());
        expect(stdout).toMatch(/^STORAGE .*cache\.dir/);
      }
      await l.host.stop();
    });
  });

  it('sends a token to its host only, and writes it nowhere', async () => {
    const token = 'canary-7f3a';
    await using second = await gitHttpHost(await tempDir('second'), { auth: { password: 'other' } });
    const l = await lab({ http: { auth: { password: token } } });
    const hosts = settingsOf({ [`127.0.0.1:${l.host.port}`]: { token, followRedirects: true } }).hosts;
    const code = codeHost(l.vcsDir, { hosts });
    const r = await code.open(parseRepoUrl(l.url, '/'), 0);
    await r.stat('v1.0.0');
    await r.descendsFrom(await l.repo.rev('main'), { name: 'v1.0.0', hash: await l.repo.rev('v1.0.0') });
    expect(l.host.requests.some(({ authorization }) => authorization?.startsWith('Basic ') === true)).toBe(
      true,
    );

    l.host.setFailure('/moved', { redirectTo: `${second.url}/go/foo` });
    const error = await errorOf(code.open(parseRepoUrl(`${l.host.url}/moved.git`, '/'), 0));
    expect(error.code).toBe('HOST_REFUSED');
    expect(second.requests.length).toBeGreaterThan(0);
    expect(second.requests.map(({ authorization }) => authorization)).toEqual(
      second.requests.map(() => undefined),
    );
    expect(`${error.message} ${error.reason ?? ''} ${error.remedy ?? ''}`).not.toContain(token);

    for (const file of await readdir(l.vcsDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const content = await readFile(path.join(file.parentPath, file.name), 'latin1');
      expect(
        content.includes(token) || content.includes(Buffer.from(`oauth2:${token}`).toString('base64')),
      ).toBe(false);
    }
    await l.host.stop();
  });
});

/** Where the mirror of the lab's repository will be. */
async function nameOf(l: Lab): Promise<string> {
  const { createHash } = await import('node:crypto');
  return path.join(l.vcsDir, createHash('sha256').update(l.url).digest('hex'));
}
