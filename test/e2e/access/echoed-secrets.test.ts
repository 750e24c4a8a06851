/** A git host that repeats the login it was shown in its error page, in every spelling: nothing of it may be shown on. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, logged, until } from '../../support/ask.js';

/** Of the server, and of a caller whose login the git host judges. */
const SECRETS = { oauth2: 'canary+own/k3y&x=1 y', ann: 'canary:ann"s/p%ss&2' };
const [OWN = [], CALLERS = []] = Object.entries(SECRETS).map(([user, secret]) => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(`${user}:${secret}`).toString('base64').replace(/=+$/, ''),
]);
const NEEDLES = [...OWN, ...CALLERS];

function leaks(text: string, needles = NEEDLES): string[] {
  return needles.filter((needle) => text.includes(needle));
}

/** With settings of its own for http, an account leaves hosts to git. */
const BY = { 'this process': '', git: '[http]\n\tpostBuffer = 2m\n' };

describe.skipIf(missing('git')).each(Object.entries(BY))('a login repeated to %s', (_by, gitconfig) => {
  let host: GitHttpHost;
  let server: ModhavenServer;
  const answers: string[] = [];

  beforeAll(async () => {
    const root = await tempDir('echoed');
    const made = await repo(path.join(root, 'fine.git'));
    await made.write({ 'go.mod': 'module corp.test/fine\n' }).commit('one');
    host = await gitHttpHost(root, {
      auth: (user, password) => SECRETS[user as keyof typeof SECRETS] === password,
    });
    const echo = NEEDLES.map((needle) => `you sent ${needle} to me`).join('\n');
    for (const status of [400, 403, 404, 500, 502]) {
      const headers = { 'content-type': 'text/plain', 'x-echo': encodeURIComponent(echo) };
      host.setFailure(`/e${status}`, { status, headers, body: echo });
    }
    host.setFailure('/login', {
      status: 401,
      headers: { 'www-authenticate': `Basic realm="${NEEDLES[1] ?? ''} ${NEEDLES[3] ?? ''}"` },
      body: echo,
    });
    // What looks like git and is not.
    host.setFailure('/odd', {
      status: 200,
      headers: { 'content-type': 'application/x-git-upload-pack-advertisement' },
      body: `00ffERR ${echo}\n`,
    });
    const dir = await tempDir('server');
    await writeFile(path.join(dir, '.gitconfig'), gitconfig);
    server = await startServer({
      dir,
      home: dir,
      env: { GIT_CONFIG_GLOBAL: path.join(dir, '.gitconfig') },
      args: ['--log-level', 'trace'],
      config: {
        audit: './audit.jsonl',
        trust_proxy: ['127.0.0.1'],
        vcs: { hosts: { [`127.0.0.1:${host.port}`]: { token: SECRETS.oauth2 } } },
        auth: { git_host: true, rules: [{ modules: 'corp.test/own/*', allow: ['user:nobody'] }] },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${host.url}/{name}.git\n`,
    });
  });
  afterAll(async () => {
    await server.stop();
    await host.stop();
  });

  it('is in no answer', async () => {
    const login = { Authorization: `Basic ${Buffer.from(`ann:${SECRETS.ann}`).toString('base64')}` };
    expect((await ask(server.url, '/corp.test/fine/@latest', { headers: login })).status).toBe(200);
    for (const name of ['e400', 'e403', 'e404', 'e500', 'e502', 'login', 'odd']) {
      for (const what of ['@v/list', '@v/v1.0.0.info']) {
        const { status, headers, text } = await ask(server.url, `/corp.test/${name}/${what}`, {
          headers: login,
        });
        expect(status, name).toBeGreaterThanOrEqual(400);
        answers.push(JSON.stringify(headers), text);
      }
    }
    expect(host.requests.length).toBeGreaterThan(10);
    expect(leaks(answers.join('\n'))).toEqual([]);
  });

  it('is in nothing that commands print', async () => {
    const env = { HOME: server.dir, GIT_CONFIG_GLOBAL: path.join(server.dir, '.gitconfig') };
    const modules = ['e403', 'e500', 'login', 'odd'].map((name) => `corp.test/${name}`);
    for (const args of [
      ['--verbose', 'check', '--config', server.configFile, ...modules],
      ['check', '--json', '--config', server.configFile, ...modules],
      ['explain', '--config', server.configFile, 'corp.test/e500'],
      ['report', '--config', server.configFile],
    ]) {
      const { stdout, stderr } = await modhaven(args, { env });
      expect(stdout + stderr, args.join(' ')).not.toBe('');
      // They know no caller's login, and are shown none by a host.
      expect(leaks(stdout + stderr, OWN), args.join(' ')).toEqual([]);
    }
  });

  it('is in no log, no audit file and no status', async () => {
    const { status, text } = await ask(server.url, '/-/status');
    expect(status).toBe(200);
    expect(leaks(text)).toEqual([]);
    const log = await logged(server, '/-/status');
    expect(log).toMatch(/HOST_|cannot be decided/);
    expect(leaks(log)).toEqual([]);
    const audit = await until(
      () => readFile(path.join(server.dir, 'audit.jsonl'), 'utf8'),
      (lines) => lines.includes('e502'),
    );
    expect(audit).toContain('e502');
    expect(leaks(audit)).toEqual([]);
  });
});
