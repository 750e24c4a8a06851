/**
 * Webhooks from end to end: a real repository behind a real git host, a server that would ask it again in an hour, and
 * deliveries as the hosts send them.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer, type ServerOptions } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { DELIVERIES, SECRET, ZEROS, type Delivery, type PushFacts } from './deliveries.js';

const CONFIG = { refresh: '1h', webhook: { secret: SECRET } };

interface Scene {
  git: GitHttpHost;
  r: GitRepo;
  server: ModhavenServer;
  facts: (ref: string, after: string) => PushFacts;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A repository `go/foo` with the module mycompany.com/go/foo at v1.0.0, and a server with a pattern for it. */
async function scene(config: ServerOptions['config'] = CONFIG): Promise<Scene> {
  const root = await tempDir('pushed');
  const r = await repo(path.join(root, 'go/foo.git'));
  await r.write({ 'go.mod': 'module mycompany.com/go/foo\n', 'foo.go': 'package foo\n' }).commit('first');
  await r.tag('v1.0.0');
  const git = await gitHttpHost(root);
  const server = await startServer({
    config,
    vanity: { host: 'mycompany.com', paths: { '/go/{name}': `${git.url}/go/{name}.git` } },
  });
  return {
    git,
    r,
    server,
    facts: (ref, after) => ({
      ref,
      after,
      project: 'go/foo',
      httpUrl: `${git.url}/go/foo.git`,
      sshUrl: 'ssh://git@127.0.0.1:2222/go/foo.git',
    }),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await git.stop();
    },
  };
}

async function announce(server: ModhavenServer, { query, headers, body }: Delivery): Promise<string> {
  const response = await fetch(`${server.url}/-/webhook${query}`, { method: 'POST', headers, body });
  return `${response.status} ${await response.text()}`;
}

async function list(server: ModhavenServer): Promise<string[]> {
  const response = await fetch(`${server.url}/mycompany.com/go/foo/@v/list`);
  return (await response.text()).trim().split('\n');
}

describe.skipIf(missing('git'))('a pushed tag', () => {
  it('is listed for every caller after the webhook was answered, whichever host sent it', async () => {
    await using s = await scene();
    const seen = ['v1.0.0'];
    expect(await list(s.server)).toEqual(seen);
    for (const [index, deliver] of Object.values(DELIVERIES).entries()) {
      const tag = `v1.${index + 1}.0`;
      await s.r.tag(tag);
      expect(await list(s.server)).toEqual(seen); // refs of up to an hour ago are still good
      const answer = await announce(s.server, deliver(s.facts(`refs/tags/${tag}`, await s.r.rev(tag))));
      expect(answer).toBe('202 asking for new refs of mycompany.com/go/foo\n');
      seen.push(tag);
      expect(await list(s.server)).toEqual(seen);
    }
    const deleted = s.facts('refs/tags/v1.1.0', ZEROS);
    await s.r.git('tag', '-d', 'v1.1.0');
    await announce(s.server, DELIVERIES.gitea(deleted));
    expect(await list(s.server)).not.toContain('v1.1.0');
  });

  it('is not asked for by the push of another repository, nor by one without the secret', async () => {
    await using s = await scene();
    await list(s.server);
    await s.r.tag('v1.1.0');
    const facts = s.facts('refs/tags/v1.1.0', await s.r.rev('v1.1.0'));
    const other = {
      ...facts,
      httpUrl: 'http://git.example/go/foo.git',
      sshUrl: 'git@git.example:go/foo.git',
    };
    expect(await announce(s.server, DELIVERIES.gitlab(other))).toBe(
      '200 no rule of vanity.yaml matches http://git.example/go/foo.git or git@git.example:go/foo.git\n',
    );
    expect(await announce(s.server, DELIVERIES.gitlab(facts, 'guess'))).toMatch(/^401 /);
    expect(await list(s.server)).toEqual(['v1.0.0']);
  });

  it('is found later if the repository fails right after the push', async () => {
    await using s = await scene();
    await list(s.server);
    await s.r.tag('v1.1.0');
    s.git.setFailure('/go', 503);
    await announce(s.server, DELIVERIES.gitea(s.facts('refs/tags/v1.1.0', await s.r.rev('v1.1.0'))));
    await vi.waitFor(async () => {
      const status = await fetch(`${s.server.url}/-/status`);
      expect(await status.text()).toContain('503');
    }, 30_000);
    s.git.setFailure('/go', undefined);
    expect(await list(s.server)).toEqual(['v1.0.0', 'v1.1.0']);
  });

  it('is fetched at once with prefetch, in every form of a version', async () => {
    await using s = await scene({ ...CONFIG, webhook: { secret: SECRET, prefetch: true } });
    await s.r
      .write({ 'sub/go.mod': 'module mycompany.com/go/foo/sub\n', 'sub/s.go': 'package s\n' })
      .commit('sub');
    await s.r.tag('sub/v0.1.0');
    await s.r.write({ 'go.mod': 'module mycompany.com/go/foo/v2\n' }).commit('two');
    await s.r.tag('v2.0.0', { annotated: true });
    await s.r.tag('nightly');
    for (const tag of ['sub/v0.1.0', 'v2.0.0', 'nightly']) {
      await announce(s.server, DELIVERIES.gitlab(s.facts(`refs/tags/${tag}`, await s.r.rev(tag))));
    }
    const versions = ['foo/sub/@v/v0.1.0', 'foo/v2/@v/v2.0.0'].map((name) => `mycompany.com/go/${name}`);
    await vi.waitFor(() => {
      const absent = versions.filter(
        (version) => !existsSync(path.join(s.server.cacheDir, 'download', `${version}.zip`)),
      );
      expect(absent).toEqual([]);
    }, 60_000);
    await s.git.stop();
    for (const version of versions) {
      for (const kind of ['info', 'mod', 'zip']) {
        const response = await fetch(`${s.server.url}/${version}.${kind}`, {
          headers: { 'disable-module-fetch': 'true' },
        });
        expect(response.status, `${version}.${kind}`).toBe(200);
      }
    }
  });
});
