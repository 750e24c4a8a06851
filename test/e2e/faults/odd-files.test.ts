/**
 * Files that are not regular ones, in the place of files that a server reads: to open a named pipe waits for its writer, and
 * four that wait are all the threads that Node has for files.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun } from '../../support/run.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until, type Answer } from '../../support/ask.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const PARTS = ['info', 'mod', 'zip'];
const partsOf = (name: string): string[] => PARTS.map((part) => `/odd.example/${name}/@v/v1.0.0.${part}`);

interface Status {
  config: { error?: string };
  vanity: { error?: string };
  auth: 'off' | { errors: unknown[] };
  store: { damaged: { count: number } };
}

describe.skipIf(missing('git'))('where named pipes lie in the place of files', () => {
  let server: ModhavenServer;
  let root: string;
  let before: Map<string, Answer>;

  const start = async (dir?: string): Promise<ModhavenServer> =>
    startServer({
      ...(dir !== undefined && { dir }),
      config: { refresh: '0s', cache: { memory: 0 } },
      vanity: { host: 'odd.example', paths: { '/{name}': `${root}/{name}.git` } },
    });
  const all = async (names: readonly string[]): Promise<Map<string, Answer>> =>
    new Map(await Promise.all(names.map(async (name) => [name, await ask(server.url, name)] as const)));
  const status = async (): Promise<Status> => JSON.parse((await ask(server.url, '/-/status')).text) as Status;
  const inPlaceOf = async (file: string): Promise<void> => {
    await rm(file, { force: true });
    await mkdir(path.dirname(file), { recursive: true });
    await mustRun('mkfifo', [file]);
  };
  /** All parts of the other modules, and their lists, are answered as before. */
  const expectAsBefore = async (names: readonly string[]): Promise<void> => {
    for (const [name, { status: code, bytes, text }] of await all(names)) {
      expect([name, code, code === 200 ? '' : text]).toEqual([name, 200, '']);
      expect(before.get(name)?.bytes.equals(bytes)).toBe(true);
    }
  };
  const everything = NAMES.flatMap((name) => [...partsOf(name), `/odd.example/${name}/@v/list`]);

  beforeAll(async () => {
    root = await tempDir('odd');
    for (const name of NAMES) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module odd.example/${name}\n` }).commit('one');
      await made.tag('v1.0.0');
    }
    server = await start();
    before = await all(everything);
    await expectAsBefore(everything);
  });
  afterAll(async () => server.stop());

  it('sets parts aside and fetches them again, whatever is missing beside them', async () => {
    const folder = (name: string): string => path.join(server.cacheDir, 'download/odd.example', name, '@v');
    for (const name of NAMES.slice(0, 4)) {
      for (const file of await readdir(folder(name))) await inPlaceOf(path.join(folder(name), file));
    }
    for (const name of NAMES) await inPlaceOf(path.join(server.cacheDir, 'sums/odd.example', name, '@sums'));
    await expectAsBefore(everything);
    expect((await status()).store.damaged.count).toBeGreaterThanOrEqual(12);
  });

  it('asks the git host for what was kept of its answers, and starts with all of them there', async () => {
    for (const name of NAMES) {
      await inPlaceOf(path.join(server.cacheDir, 'private/odd.example', name, '@v/list'));
      await inPlaceOf(path.join(server.cacheDir, 'sums/odd.example', name, '@sums'));
      await inPlaceOf(path.join(server.cacheDir, 'fetched/odd.example', name, '@fetched'));
    }
    await inPlaceOf(path.join(server.cacheDir, 'usage'));
    await server.stop();
    server = await start(server.dir);
    await expectAsBefore(everything);
    expect((await ask(server.url, '/-/readyz')).status).toBe(200);
    const verified = await modhaven(['verify', '--config', server.configFile]);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
  });

  it('keeps the last good content of a file that is edited', async () => {
    const files = [server.configFile, server.vanityFile];
    for (const file of files) await inPlaceOf(file);
    server.signal('SIGHUP');
    const told = await until(status, ({ config, vanity }) => Boolean(config.error) && Boolean(vanity.error));
    expect(told.config.error).toContain('cannot be read');
    expect(told.vanity.error).toContain('cannot be read');
    await expectAsBefore(everything);
    for (const file of files) await rm(file);
    await server.writeConfig({ refresh: '0s', cache: { memory: 0 } });
    await writeFile(server.vanityFile, `host: odd.example\npaths: { '/{name}': '${root}/{name}.git' }\n`);
    await until(status, ({ config, vanity }) => config.error === undefined && vanity.error === undefined);
    await expectAsBefore(everything);
  });

  it('reads the file of users again while a pipe lies in the place of the tokens', async () => {
    const [users, tokens] = ['users', 'tokens.yaml'].map((name) => path.join(server.dir, name)) as [
      string,
      string,
    ];
    await writeFile(users, '');
    await writeFile(tokens, 'tokens: []\n');
    const auth = { htpasswd_file: users, tokens_file: tokens };
    await server.writeConfig({ refresh: '0s', cache: { memory: 0 }, auth });
    await until(status, (found) => found.auth !== 'off');
    await inPlaceOf(tokens);
    await writeFile(users, `ann:$2b$04$${'a'.repeat(53)}\n`);
    const told = await until(status, (found) => found.auth !== 'off' && found.auth.errors.length > 0);
    expect(JSON.stringify(told.auth)).toContain(`cannot read ${tokens}`);
    await until(
      () => server.logs(),
      (said) => said.includes(`"file":"${users}","msg":"file read again"`),
    );
    expect(server.logs()).toContain(`"file":"${users}","msg":"file read again"`);
  });
});
