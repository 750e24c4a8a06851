/** Edits of both files while the server runs: how they arrive, what they change, and what they cannot change. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until } from '../support/ask.js';

/** Long enough for a slow machine; an edit that is not noticed at all takes for ever. */
const SOON = 30_000;
/** Between two looks at a file. */
const WATCH_MS = 250;

interface Status {
  config: { error?: string };
  vanity: { file: string; rules: number; error?: string };
}

async function status(server: ModhavenServer): Promise<Status> {
  return JSON.parse((await ask(server.url, '/-/status')).text) as Status;
}

/** The repository in the vanity page of mycompany.com/x. */
async function shown(server: ModhavenServer): Promise<string | undefined> {
  const { text } = await ask(server.url, '/x?go-get=1', { headers: { Host: 'mycompany.com' } });
  return /content="mycompany\.com\/x git ([^"]*)"/.exec(text)?.[1];
}

async function expectShown(server: ModhavenServer, name: string): Promise<void> {
  const expected = repository(name);
  expect(
    await until(
      async () => shown(server),
      (url) => url === expected,
      SOON,
    ),
  ).toBe(expected);
}

function repository(name: string): string {
  return `http://git.mycompany.com/${name}.git`;
}

function ruleTo(name: string): string {
  return `host: mycompany.com\npaths:\n  /x: ${repository(name)}\n`;
}

/** How often a line of the log has come. */
function count(server: ModhavenServer, text: string): number {
  return server.logs().split(text).length - 1;
}

/** How often vanity.yaml was read again, once the edits so far have all been noticed. */
async function readings(server: ModhavenServer): Promise<number> {
  for (let before = -1; ;) {
    const now = count(server, 'vanity.yaml read again');
    if (now === before) return now;
    before = now;
    await setTimeout(6 * WATCH_MS);
  }
}

describe('an edit of vanity.yaml', () => {
  let server: ModhavenServer;
  let configMap: string;

  /** What a ConfigMap volume does: a new folder beside the old one, then a symlink that is swapped. */
  async function swap(version: string, content: string): Promise<void> {
    await mkdir(path.join(configMap, `..${version}`));
    await writeFile(path.join(configMap, `..${version}`, 'vanity.yaml'), content);
    await symlink(`..${version}`, path.join(configMap, '..data_tmp'));
    await rename(path.join(configMap, '..data_tmp'), path.join(configMap, '..data'));
  }

  beforeAll(async () => {
    server = await startServer({ vanity: ruleTo('one') });
    configMap = path.join(server.dir, 'volume');
    await mkdir(configMap);
    await swap('v1', ruleTo('volume-one'));
    await symlink('..data/vanity.yaml', path.join(configMap, 'vanity.yaml'));
  });
  afterAll(async () => server.stop());
  let start = 'start-0';
  beforeEach(async () => {
    start = `start-${Number(start.slice(6)) + 1}`;
    await server.writeConfig({});
    await server.writeVanity(ruleTo(start));
    await expectShown(server, start);
  });

  it('arrives when it is written in place', async () => {
    await writeFile(server.vanityFile, ruleTo('in-place'));
    await expectShown(server, 'in-place');
  });

  it('arrives when an editor renames a new file over the old one', async () => {
    for (const name of ['renamed', 'renamed-again']) {
      await writeFile(`${server.vanityFile}.swp`, ruleTo(name));
      await rename(`${server.vanityFile}.swp`, server.vanityFile);
      await expectShown(server, name);
    }
  });

  it('arrives when the symlink of a ConfigMap volume is swapped', async () => {
    await server.writeConfig({ vanity: './volume/vanity.yaml' });
    await expectShown(server, 'volume-one');
    expect((await status(server)).vanity.file).toBe(path.join(configMap, 'vanity.yaml'));
    for (const version of ['v2', 'v3']) {
      await swap(version, ruleTo(`volume-${version}`));
      await expectShown(server, `volume-${version}`);
    }
  });

  it('is looked for on SIGHUP', async () => {
    const before = await readings(server);
    server.signal('SIGHUP');
    const after = await until(
      () => count(server, 'vanity.yaml read again'),
      (n) => n > before,
      SOON,
    );
    expect(after).toBe(before + 1);
    expect(await shown(server)).toBe(repository(start));
  });

  const mistakes = [
    { name: 'half a file', text: `${ruleTo('bad')}  /y: {`, at: '4:8' },
    { name: 'a bad address', text: 'host: mycompany.com\npaths:\n  /x: gopher://h/x\n', at: '3:7' },
    { name: 'a misspelt key', text: 'host: mycompany.com\npath:\n  /x: http://h/x\n', at: '2:1' },
    { name: 'two rules for one path', text: `${ruleTo('bad')}  /x/: http://h/x\n`, at: '4:3' },
    { name: 'a vcs that is not git', text: 'host: h.com\n/x:\n  repo: http://h/x\n  vcs: cvs\n', at: '4:8' },
  ];
  it.each(mistakes)('changes nothing when it is wrong, and it is said where: $name', async ({ text, at }) => {
    const where = `${server.vanityFile}:${at}: `;
    await server.writeVanity(text);
    const { vanity } = await until(
      async () => status(server),
      (now) => now.vanity.error !== undefined,
      SOON,
    );
    expect(vanity.error).toContain(where);
    expect(vanity.rules).toBe(1);
    expect(await logged(server, where)).toContain(
      'vanity.yaml has an error; the last good rules stay in use',
    );
    expect(await shown(server)).toBe(repository(start));
    await server.writeVanity(ruleTo('repaired'));
    await expectShown(server, 'repaired');
    expect((await status(server)).vanity.error).toBeUndefined();
  });

  it('changes nothing when the file is gone', async () => {
    await rename(server.vanityFile, `${server.vanityFile}.away`);
    const { vanity } = await until(
      async () => status(server),
      (now) => now.vanity.error !== undefined,
      SOON,
    );
    expect(vanity.error).toContain('the vanity file cannot be read');
    expect(await shown(server)).toBe(repository(start));
    await rename(`${server.vanityFile}.away`, server.vanityFile);
    await until(
      async () => status(server),
      (now) => now.vanity.error === undefined,
      SOON,
    );
    expect((await status(server)).vanity.error).toBeUndefined();
  });

  it('can be in another file, named by modhaven.yaml', async () => {
    await writeFile(path.join(server.dir, 'other.yaml'), ruleTo('other-file'));
    await server.writeConfig({ vanity: './other.yaml' });
    await expectShown(server, 'other-file');
    await writeFile(path.join(server.dir, 'other.yaml'), ruleTo('other-edit'));
    await expectShown(server, 'other-edit');
    await server.writeConfig({ vanity: './nowhere.yaml' });
    const log = await until(
      () => server.logs(),
      (text) => text.includes('nowhere.yaml'),
      SOON,
    );
    expect(log).toContain('the new vanity file has an error; the old one stays in use');
    expect(await shown(server)).toBe(repository('other-edit'));
  });
});

describe.skipIf(missing('git'))('an edit of modhaven.yaml', () => {
  let open: GitHttpHost;
  let locked: GitHttpHost;
  let foo: GitRepo;
  let server: ModhavenServer;
  const list = async (name: string) => ask(server.url, `/mycompany.com/${name}/@v/list`);

  beforeAll(async () => {
    const root = await tempDir('reload');
    foo = await repo(path.join(root, 'foo.git'));
    await foo.write({ 'go.mod': 'module mycompany.com/foo\n' }).commit('first');
    await foo.tag('v1.0.0');
    const bar = await repo(path.join(root, 'bar.git'));
    await bar.write({ 'go.mod': 'module mycompany.com/bar\n' }).commit('first');
    await bar.tag('v1.0.0');
    open = await gitHttpHost(root);
    locked = await gitHttpHost(root, { auth: { user: 'oauth2', password: 'right' } });
    server = await startServer({
      config: { refresh: '1h' },
      vanity: {
        host: 'mycompany.com',
        paths: { '/foo': `${open.url}/foo.git`, '/bar': `${locked.url}/bar.git` },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await Promise.all([open.stop(), locked.stop()]);
  });

  async function edit(content: Record<string, unknown>): Promise<void> {
    const before = count(server, 'modhaven.yaml read again');
    await server.writeConfig(content);
    await until(
      () => count(server, 'modhaven.yaml read again'),
      (n) => n > before,
      SOON,
    );
  }

  it('changes how old a list may be', async () => {
    expect((await list('foo')).text).toBe('v1.0.0\n');
    await foo.tag('v1.1.0');
    expect((await list('foo')).text).toBe('v1.0.0\n');
    await edit({ refresh: '0s' });
    expect((await list('foo')).text).toBe('v1.0.0\nv1.1.0\n');
  });

  it('changes the credentials of a host', async () => {
    expect(await list('bar')).toMatchObject({ status: 502 });
    const key = `127.0.0.1:${locked.port}`;
    await edit({ vcs: { hosts: { [key]: { token: 'wrong' } } } });
    const refused = await list('bar');
    expect(refused.status).toBe(502);
    // A developer is sent to the admin, who finds the key in the log.
    expect(refused.text).toContain('the git host refused the credentials');
    expect(refused.text).not.toContain('vcs.hosts');
    await edit({ vcs: { hosts: { [key]: { token: 'right' } } } });
    expect(await list('bar')).toMatchObject({ status: 200, text: 'v1.0.0\n' });
  });

  it('says which settings wait for the next start', async () => {
    await edit({ cache: { dir: './elsewhere' }, workers: 2 });
    for (const setting of ['cache.dir', 'workers']) {
      const line = `"setting":"${setting}","msg":"this setting takes effect at the next start"`;
      expect(
        await until(
          () => server.logs(),
          (log) => log.includes(line),
          SOON,
        ),
      ).toContain(line);
    }
    expect(await list('foo')).toMatchObject({ status: 200 });
  });

  it('changes nothing when it is wrong, and it is said where', async () => {
    await edit({ refresh: '0s' });
    await server.writeConfig('vanity: ./vanity.yaml\nrefresh: soon\nvcs:\n  host: {}\n');
    const { config } = await until(
      async () => status(server),
      (now) => now.config.error !== undefined,
      SOON,
    );
    for (const where of [`${server.configFile}:2:10: `, `${server.configFile}:4:3: `]) {
      expect(config.error).toContain(where);
      await logged(server, where);
    }
    await logged(server, 'modhaven.yaml has an error; the settings stay as they were');
    await foo.tag('v1.2.0');
    expect((await list('foo')).text).toBe('v1.0.0\nv1.1.0\nv1.2.0\n');
    await edit({});
    expect((await status(server)).config.error).toBeUndefined();
  });
});

describe.skipIf(missing('git'))('a rule that names another repository', () => {
  it('changes no version that was served, in no part of it', async () => {
    const root = await tempDir('moved');
    const before = await repo(path.join(root, 'before.git'));
    before.write({ 'go.mod': 'module mycompany.com/x\n', 'x.go': 'package x // before\n' });
    await before.commit('first');
    await before.manyTags(['v1.0.0', 'v1.0.1', 'v1.0.2']);
    const after = await repo(path.join(root, 'after.git'));
    after.write({ 'go.mod': 'module mycompany.com/x\n\ngo 1.21\n', 'x.go': 'package x // after\n' });
    await after.commit('first');
    await after.manyTags(['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3']);
    await using git = await gitHttpHost(root);
    const rule = (name: string) => ({ host: 'mycompany.com', paths: { '/x': `${git.url}/${name}.git` } });
    await using server = await startServer({ vanity: rule('before') });
    const get = async (file: string) => ask(server.url, `/mycompany.com/x/@v/${file}`);

    const whole = ['v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip'];
    const served = await Promise.all(whole.map(get));
    expect(served.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const info = await get('v1.0.1.info');

    await server.writeVanity(rule('after'));
    const moved = `git ${git.url}/after.git"`;
    await until(
      async () => (await ask(server.url, '/x?go-get=1')).text,
      (page) => page.includes(moved),
      SOON,
    );
    const again = await Promise.all(whole.map(get));
    expect(again.map(({ bytes }) => bytes)).toEqual(served.map(({ bytes }) => bytes));
    expect(again.map(({ headers }) => headers.etag)).toEqual(served.map(({ headers }) => headers.etag));

    // Only half of v1.0.1 was served: the other half must be of the same commit, or not be at all.
    expect((await get('v1.0.1.info')).text).toBe(info.text);
    const gone = await get('v1.0.1.zip');
    expect(gone.status).toBe(410);
    expect(gone.text).toContain('which is gone');
    expect(gone.text).toContain('restore the commit');

    // What was not asked for before comes from the new place.
    expect((await get('v1.0.2.mod')).text).toContain('go 1.21');
    expect(JSON.parse((await get('v1.0.3.info')).text)).toMatchObject({
      Origin: { URL: `${git.url}/after.git` },
    });
  });
});
