/** Where a module lives is not always one address: a list of repositories during a move, and groups with subgroups. */
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { logged } from '../support/ask.js';

type Server = Awaited<ReturnType<typeof startServer>>;

async function ask(server: Server, what: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${server.url}/${what}`);
  return { status: response.status, body: await response.text() };
}

const reposOf = new WeakMap<GitHttpHost, Map<string, GitRepo>>();

/** Releases another version of what `host` has as `lib.git`. */
async function release(host: GitHttpHost, tag: string): Promise<void> {
  const made = reposOf.get(host)?.get('lib.git');
  await made?.write({ 'v.go': `package v // ${tag}\n` }).commit(tag);
  await made?.tag(tag);
}

/** A host with repositories of one module each, whose tags are given. */
async function hostWith(
  repositories: Record<string, { module: string; tags: string[] }>,
): Promise<GitHttpHost> {
  const root = await tempDir('homes');
  const repos = new Map<string, GitRepo>();
  for (const [name, { module, tags }] of Object.entries(repositories)) {
    const made = await repo(path.join(root, name));
    repos.set(name, made);
    for (const [i, tag] of tags.entries()) {
      await made
        .at(`2024-01-0${i + 1}T00:00:00Z`)
        .write({ 'go.mod': `module ${module}\n`, 'v.go': `package v // ${tag}\n` })
        .commit(tag);
      await made.tag(tag);
    }
  }
  const host = await gitHttpHost(root);
  reposOf.set(host, repos);
  return host;
}

describe.skipIf(missing('git'))('repo: as a list', () => {
  const module = 'my.corp/lib';
  let old: GitHttpHost;
  let next: GitHttpHost;
  let server: Server;

  beforeAll(async () => {
    old = await hostWith({ 'lib.git': { module, tags: ['v1.0.0', 'v1.1.0'] } });
    next = await hostWith({ 'lib.git': { module, tags: ['v1.0.0'] } });
    const repos = [`${next.url}/lib.git`, `${old.url}/lib.git`];
    server = await startServer({
      config: { refresh: '0s' },
      vanity: { host: 'my.corp', paths: { '/lib': { repo: repos } } },
    });
  });
  afterAll(async () => {
    for (const host of [server, old, next]) await host.stop();
  });

  it('takes a version from the first that has it, and says which', async () => {
    const first = await ask(server, `${module}/@v/v1.0.0.info`);
    expect(JSON.parse(first.body)).toMatchObject({ Origin: { URL: `${next.url}/lib.git` } });
    const second = await ask(server, `${module}/@v/v1.1.0.info`);
    expect(JSON.parse(second.body)).toMatchObject({ Origin: { URL: `${old.url}/lib.git` } });
    const said = 'answered by one of several repositories';
    await logged(server, `"repository":"${next.url}/lib.git","msg":"${said}"`);
    await logged(server, `"repository":"${old.url}/lib.git","msg":"${said}"`);
  });

  it('lists what any of them has', async () => {
    expect(await ask(server, `${module}/@v/list`)).toEqual({ status: 200, body: 'v1.0.0\nv1.1.0\n' });
  });

  it('does without one that is down, and calls nothing absent then', async () => {
    await old.stop();
    // What the one that is down had is not gone; a version that appears meanwhile is listed.
    expect(await ask(server, `${module}/@v/list`)).toEqual({ status: 200, body: 'v1.0.0\nv1.1.0\n' });
    await release(next, 'v1.2.0');
    const list = await fetch(`${server.url}/${module}/@v/list`);
    expect(list.headers.get('warning')).toContain('110');
    expect(await list.text()).toBe('v1.0.0\nv1.1.0\nv1.2.0\n');
    expect(await ask(server, `${module}/@v/v1.0.0.zip`)).toMatchObject({ status: 200 });
    expect(await ask(server, `${module}/@v/v1.9.0.info`)).toMatchObject({ status: 502 });
  });
});

describe.skipIf(missing('git'))('{path...}', () => {
  let host: GitHttpHost;
  let server: Server;

  beforeAll(async () => {
    host = await hostWith({
      'team.git': { module: 'my.corp/g/team', tags: ['v0.1.0'] },
      'team/backend/lib.git': { module: 'my.corp/g/team/backend/lib', tags: ['v1.0.0'] },
    });
    const paths = { '/g/{path...}': `${host.url}/{path}.git` };
    server = await startServer({ config: {}, vanity: { host: 'my.corp', paths } });
  });
  afterAll(async () => {
    for (const each of [server, host]) await each.stop();
  });

  it.each([
    { module: 'my.corp/g/team', list: 'v0.1.0\n' },
    { module: 'my.corp/g/team/backend/lib', list: 'v1.0.0\n' },
  ])('finds $module', async ({ module, list }) => {
    expect(await ask(server, `${module}/@v/list`)).toEqual({ status: 200, body: list });
    expect(await ask(server, `${module}/@v/${list.trim()}.zip`)).toMatchObject({ status: 200 });
  });

  it.each(['my.corp/g/team/backend/lib/pkg', 'my.corp/g/none/at/all'])(
    'knows that %s is not a module',
    async (module) => {
      expect(await ask(server, `${module}/@v/list`)).toMatchObject({ status: 404 });
      // Candidates are asked side by side, and the answer does not wait for those that no longer matter.
      const asked = await settled(() => host.requests.length);
      expect(await ask(server, `${module}/@v/list`)).toMatchObject({ status: 404 });
      expect(await settled(() => host.requests.length)).toBe(asked);
    },
  );

  it('names the root that the host confirmed in the go-import page', async () => {
    const response = await fetch(`${server.url}/g/team/backend/lib/pkg?go-get=1`);
    expect(await response.text()).toContain(
      `content="my.corp/g/team/backend/lib git ${host.url}/team/backend/lib.git"`,
    );
  });
});

/** The count once it has not grown for a while. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; before !== count();) {
    before = count();
    await sleep(200);
  }
  return count();
}
