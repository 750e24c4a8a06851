/** Logins over http: shown when asked for, to the host they are for, and not twice where they are wrong. */
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import type { HostEntry } from '../../../src/vcs/transport/access.js';
import { gitHttpHost, type GitHttpOptions } from '../../support/hosts/git-http-host.js';
import { listenOnLoopback } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { codeHost, lab, settingsOf, type Lab } from '../lab.js';
import { askers, GIT_ALONE, wordsOf } from './answers.js';

const TOKEN = 'canary-5b1e';

describe.skipIf(missing('git'))('a login over http', () => {
  let l: Lab;
  afterEach(async () => l.host.stop());

  const start = async (auth: GitHttpOptions['auth'] = { password: TOKEN }) => {
    l = await lab({ http: { auth } });
  };
  beforeEach(async () => start());

  async function newCode(entry?: HostEntry, env?: NodeJS.ProcessEnv) {
    const { hosts } = settingsOf(entry && { [`127.0.0.1:${l.host.port}`]: entry });
    return codeHost(path.join(await tempDir('cache'), 'vcs'), { hosts }, env);
  }
  const open = async (code: Lab['code'], url = l.url) => code.open(parseRepoUrl(url, '/'), 0, 'files');

  /** Of each request since the last call: what it showed. */
  const shown = () =>
    l.host.requests.splice(0).map(({ authorization = '' }) => {
      const login = /^Basic (.*)$/.exec(authorization)?.[1];
      return login === undefined ? authorization : Buffer.from(login, 'base64').toString();
    });

  async function home(netrc: string): Promise<NodeJS.ProcessEnv> {
    const dir = await tempDir('home');
    await writeFile(path.join(dir, '.netrc'), netrc, { mode: 0o600 });
    return { ...sealedEnv(), HOME: dir };
  }

  it('is not shown before the host asks, and without being asked again from then on', async () => {
    const code = await newCode({ token: TOKEN });
    await (await open(code)).stat('v1.0.0');
    expect(askers(l.host.requests)).toEqual(['us']);
    expect(shown()).toEqual(['', `oauth2:${TOKEN}`, `oauth2:${TOKEN}`, `oauth2:${TOKEN}`]);
  });

  it.each([
    { name: 'machine HOST', text: () => '127.0.0.1' },
    { name: 'machine HOST:PORT', text: () => `127.0.0.1:${l.host.port}` },
  ])('is taken from ~/.netrc: $name', async ({ text }) => {
    const env = await home(`machine ${text()} login me password ${TOKEN}\n`);
    await (await open(await newCode(undefined, env))).stat('v1.0.0');
    expect(askers(l.host.requests)).toEqual(['us']);
    expect(shown()).toContain(`me:${TOKEN}`);
  });

  it('is that of the entry, not that of ~/.netrc', async () => {
    const env = await home('machine 127.0.0.1 login other password wrong\n');
    await open(await newCode({ username: 'bot', token: TOKEN }, env));
    expect(shown()).toEqual(['', `bot:${TOKEN}`, `bot:${TOKEN}`]);
  });

  it('may hold anything', async () => {
    const token = 'p:ä ß%00"@/';
    await l.host.stop();
    await start({ user: 'me', password: token });
    await open(await newCode({ username: 'me', token }));
    expect(shown()).toEqual(['', `me:${token}`, `me:${token}`]);
  });

  it('is asked once where it is wrong, and refused in the words that git has for it', async () => {
    const wrong = { token: 'wrong' };
    const words = await wordsOf(open(await newCode(wrong)));
    expect(shown()).toEqual(['', 'oauth2:wrong']);
    expect(words).toEqual(await wordsOf(open(await newCode(wrong, GIT_ALONE))));
    expect(words).toMatchObject({ code: 'HOST_REFUSED' });
    expect(JSON.stringify(words)).not.toContain('oauth2:wrong');
  });

  it('is asked once where it is wrong, also in the middle of things', async () => {
    let password = TOKEN;
    await l.host.stop();
    await start((_, given) => given === password);
    const code = await newCode({ token: TOKEN });
    const opened = await open(code);
    password = 'another';
    shown();
    await expect(opened.stat('v1.0.0')).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    expect(shown()).toEqual([`oauth2:${TOKEN}`]);
  });

  it('may change in its file', async () => {
    let password = TOKEN;
    await l.host.stop();
    await start((_, given) => given === password);
    const tokenFile = path.join(await tempDir('token'), 'token');
    await writeFile(tokenFile, `${TOKEN}\n`);
    const code = await newCode({ tokenFile });
    await open(code);
    password = 'rotated';
    await expect(open(code)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    await writeFile(tokenFile, 'rotated\n');
    shown();
    await open(code);
    expect(shown()).toEqual(['', 'oauth2:rotated']);
    await open(code);
    expect(shown()).toEqual(['oauth2:rotated']);
  });

  it('is no longer shown to a host that no longer wants one', async () => {
    let isOpen = false;
    await l.host.stop();
    await start((_, given) => isOpen || given === TOKEN);
    const code = await newCode({ token: TOKEN });
    await open(code);
    isOpen = true;
    await open(await newCode({ token: TOKEN }));
    expect(shown().at(-1)).toBe('');
  });

  it('is that of a helper of the account where we have none', async () => {
    const dir = await tempDir('home');
    const helper = `!f() { echo username=helped; echo password=${TOKEN}; }; f`;
    await writeFile(path.join(dir, '.gitconfig'), `[credential]\n\thelper = "${helper}"\n`);
    const env = { ...sealedEnv(), HOME: dir, GIT_CONFIG_GLOBAL: undefined };
    const opened = await open(await newCode(undefined, env));
    expect(opened.tags('').list).toHaveLength(3);
    expect(askers(l.host.requests)).toEqual(['git', 'us']);
    expect(shown()).toContain(`helped:${TOKEN}`);
  });

  it('of a helper comes after a wrong one of ~/.netrc, as with git', async () => {
    const env = await home('machine 127.0.0.1 login me password wrong\n');
    const helper = `!f() { echo username=helped; echo password=${TOKEN}; }; f`;
    await writeFile(path.join(env.HOME ?? '', '.gitconfig'), `[credential]\n\thelper = "${helper}"\n`);
    const opened = await open(await newCode(undefined, { ...env, GIT_CONFIG_GLOBAL: undefined }));
    expect(opened.tags('').list).toHaveLength(3);
  });

  it.each([
    'Negotiate',
    'Digest realm="x", Basic realm="x"',
    'Basic realm="x", NTLM',
    'Bearer realm="basic, x"',
    '',
  ])('is left to git where the host asks with: %s', async (challenge) => {
    const headers = challenge === '' ? {} : { 'www-authenticate': challenge };
    l.host.setFailure('/', { status: 401, headers });
    await expect(open(await newCode({ token: TOKEN }))).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    const ours = l.host.requests.filter((request) => askers([request])[0] === 'us');
    expect(ours.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each(['basic', 'Basic realm="Digest, or nothing", charset="UTF-8"', 'Bearer, BASIC realm=x'])(
    'is shown to a host that asks with: %s',
    async (challenge) => {
      l.host.setFailure('/', { status: 401, headers: { 'www-authenticate': challenge } });
      await expect(open(await newCode({ token: TOKEN }))).rejects.toMatchObject({ code: 'HOST_REFUSED' });
      expect(shown()).toEqual(['', `oauth2:${TOKEN}`]);
    },
  );

  it('goes to no other host or port that this one sends us to', async () => {
    await using other = await gitHttpHost(l.root);
    l.host.setFailure('/go/foo.git', { redirectTo: `${other.url}/go/foo.git` });
    const refused = open(await newCode({ token: TOKEN }));
    await expect(refused).rejects.toMatchObject({ code: 'HOST_REFUSED', reason: /another server/ });
    expect(other.requests).toEqual([]);
    await open(await newCode({ token: TOKEN, followRedirects: true }));
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(shown().join('')).toBe('');
  });

  it.each(['never stops explaining', 'breaks off its explanation'])(
    'is shown as to any other to a host that %s why it wants one',
    async (what) => {
      let sent = 0;
      const seen: (string | undefined)[] = [];
      let over: (() => void) | undefined;
      const isOver = new Promise<void>((resolve) => (over = resolve));
      const chunk = Buffer.alloc(16 * 1024);
      await using host = await listenOnLoopback(
        http.createServer(({ headers, socket }, response) => {
          seen.push(headers.authorization);
          if (headers.authorization !== undefined) {
            response.writeHead(503).end();
            return;
          }
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' });
          response.on('close', () => over?.());
          const more = () => {
            while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          };
          if (what.startsWith('never')) response.on('drain', more);
          response.write(chunk, () => (what.startsWith('never') ? more() : socket.end()));
        }),
      );
      const { hosts } = settingsOf({ '127.0.0.1': { token: TOKEN } });
      const code = codeHost(await tempDir('cache'), { hosts });
      const error = open(code, `http://127.0.0.1:${host.port}/x.git`);
      await expect(error).rejects.toMatchObject({ reason: expect.stringContaining('503') as string });
      await isOver;
      expect(seen).toHaveLength(2);
      // What the buffers of two sockets hold, not what the host would like to say.
      expect(sent).toBeLessThan(32 * 1024 * 1024);
    },
  );
});
