/** A git host that is down in one way or another, while what it said before is asked for: with it, and after a restart. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type Failure, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until, type Answer } from '../../support/ask.js';

const AT = '/outage.example/lib';
/** What may change, and was asked for while the host was well. */
const KNOWN = [`${AT}/@v/list`, `${AT}/@latest`, `${AT}/@v/main.info`];
const STORED = ['info', 'mod', 'zip'].map((part) => `${AT}/@v/v1.0.0.${part}`);
/** What no client asked for then: another version, another branch, another module. */
const UNKNOWN = [`${AT}/@v/v0.9.0.info`, `${AT}/@v/dev.info`, '/outage.example/other/@v/list'];

describe.skipIf(missing('git'))('while a git host', () => {
  let git: GitHttpHost;
  let lib: GitRepo;
  let server: ModhavenServer;
  let before: Map<string, Answer>;

  const start = async (dir?: string): Promise<ModhavenServer> =>
    startServer({
      ...(dir !== undefined && { dir }),
      config: { refresh: '0s', vcs: { timeout: '20s', connect_timeout: '3s' } },
      vanity: { host: 'outage.example', paths: { '/{name}': `${git.url}/{name}.git` } },
    });
  const all = async (names: readonly string[]): Promise<Map<string, Answer>> =>
    new Map(await Promise.all(names.map(async (name) => [name, await ask(server.url, name)] as const)));

  beforeAll(async () => {
    const root = await tempDir('outage');
    const make = async (name: string): Promise<GitRepo> => {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module outage.example/${name}\n` }).commit('one');
      for (const tag of ['v0.9.0', 'v1.0.0', 'v1.1.0']) await made.tag(tag);
      await made.branch('dev');
      return made;
    };
    lib = await make('lib');
    await make('other');
    git = await gitHttpHost(root);
    server = await start();
    before = await all([...KNOWN, ...STORED]);
    for (const [name, { status, text }] of before) expect([name, status, text]).toEqual([name, 200, text]);
  });
  afterAll(async () => {
    await server.stop();
    await git.stop();
  });

  async function expectLastAnswers(): Promise<void> {
    const now = await all([...KNOWN, ...STORED]);
    for (const name of STORED) {
      expect([name, now.get(name)?.status]).toEqual([name, 200]);
      expect(now.get(name)?.bytes.equals(before.get(name)?.bytes ?? Buffer.of())).toBe(true);
    }
    for (const name of KNOWN) {
      const { status, text, headers } = now.get(name) ?? { status: 0, text: '', headers: {} };
      expect([name, status, text]).toEqual([name, 200, before.get(name)?.text]);
      expect([name, headers.warning, headers.age]).toEqual([
        name,
        '110 - "Response is Stale"',
        expect.stringMatching(/^\d+$/),
      ]);
    }
    for (const [name, { status, text }] of await all(UNKNOWN)) {
      expect([502, 504], `${name}: ${text}`).toContain(status);
    }
  }

  const ways: [how: string, failure: Failure][] = [
    ['answers nothing', 'hang'],
    ['breaks its connections', 'reset'],
    ['answers with an error', 503],
    ['answers with a login page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ];
  it.each(ways)('%s, the last answers are served and marked, after a restart too', async (_how, failure) => {
    git.setFailure('/', failure);
    await expectLastAnswers();
    await server.stop();
    server = await start(server.dir);
    await expectLastAnswers();

    git.setFailure('/', undefined);
    const well = await until(
      () => ask(server.url, KNOWN[0] ?? ''),
      ({ headers }) => headers.warning === undefined,
    );
    expect([well.status, well.text, well.headers.warning]).toEqual([
      200,
      'v0.9.0\nv1.0.0\nv1.1.0\n',
      undefined,
    ]);
  });

  it('was away, what is new there is seen', async () => {
    git.setFailure('/', 'reset');
    await expectLastAnswers();
    await lib.tag('v1.2.0');
    git.setFailure('/', undefined);
    const list = await until(
      () => ask(server.url, KNOWN[0] ?? ''),
      ({ text }) => text.includes('v1.2.0'),
    );
    expect(list.headers.warning).toBeUndefined();
  });
});
