/**
 * What a server does whose disk answers nothing, as a network file system whose server is away: it is told so, goes on with what
 * it has in memory, and with all else when the disk answers again. A call that is made at once would hold up all of it.
 */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';

const FAULTY_FS = new URL('../../support/process/faulty-fs.mjs', import.meta.url).href;
const PARTS = ['@v/list', '@latest', '@v/v1.0.0.info', '@v/v1.0.0.mod', '@v/v1.0.0.zip'];
/** Whether what waits for the disk is waited for: it is given up after half a minute. */
const IS_SLOW = process.env.MODHAVEN_SLOW === '1';

describe.skipIf(missing('git'))('a server whose disk hangs', () => {
  let git: GitHttpHost;
  let server: ModhavenServer;
  let planFile: string;
  let keyFile: string;

  const at = (name: string, part: string): string => `/hung.example/${name}/${part}`;
  const sumdb = (part: string): string => `/sumdb/sum.hung.example/${part}`;
  const lookupOf = (name: string): string => sumdb(`lookup/hung.example/${name}@v1.0.0`);
  const statusOf = async (url: string): Promise<number> => (await ask(server.url, url)).status;
  const options = (dir?: string) => ({
    ...(dir !== undefined && { dir }),
    config: {
      refresh: '0s',
      vcs: { connect_timeout: '1s' },
      // Against what is advised, on the same disk.
      ...{ audit: './data/audit.log', access_log: './data/access.log' },
      sumdb: { name: 'sum.hung.example', key_file: keyFile, witness_file: './data/witness' },
    },
    vanity: { host: 'hung.example', paths: { '/{name}': `${git.url}/{name}.git` } },
    env: { NODE_OPTIONS: `--import ${FAULTY_FS}`, FAULTY_FS_PLAN: planFile },
  });

  beforeAll(async () => {
    const root = await tempDir('hung');
    const made = await repo(path.join(root, 'lib.git'));
    await made.write({ 'a.go': 'package a\n' }).commit('one');
    await made.tag('v1.0.0');
    for (const name of ['memory', 'stored', 'cold']) await symlink('lib.git', path.join(root, `${name}.git`));
    git = await gitHttpHost(root);
    planFile = path.join(await tempDir('plan'), 'plan.json');
    await writeFile(planFile, '{}');
    keyFile = path.join(path.dirname(planFile), 'key');
    await modhaven(['sumdb', 'keygen', '--name', 'sum.hung.example', '--out', keyFile]);
    server = await startServer(options());
    for (const part of PARTS) expect(await statusOf(at('stored', part))).toBe(200);
    await server.stop();
    server = await startServer(options(server.dir)); // and "stored" is in no memory any more
    await mkdir(path.join(server.cacheDir, 'vcs'), { recursive: true });
  });
  afterAll(async () => {
    await writeFile(planFile, '{}');
    await server.stop();
    await git.stop();
  });

  it('serves what is in memory, says that it is not ready, and goes on when the disk answers again', async () => {
    for (const part of [...PARTS, ...PARTS]) expect(await statusOf(at('memory', part))).toBe(200);
    const recorded = [lookupOf('memory'), ...['latest', 'supported', 'tile/8/0/000.p/1'].map(sumdb)];
    for (const url of recorded) expect([url, await statusOf(url)]).toEqual([url, 200]);
    await writeFile(planFile, JSON.stringify({ id: 'hang', root: server.cacheDir, hang: true }));
    const waiting = ['stored', 'cold']
      .flatMap((name) => [...PARTS.slice(2).map((part) => at(name, part)), lookupOf(name)])
      .map((url) => ask(server.url, url));
    expect(await statusOf('/-/healthz')).toBe(200);
    for (const part of PARTS) expect([part, await statusOf(at('memory', part))]).toEqual([part, 200]);
    for (const url of recorded) expect([url, await statusOf(url)]).toEqual([url, 200]);
    const list = await ask(server.url, at('memory', '@v/list'));
    expect([list.text, list.headers.warning]).toEqual(['v1.0.0\n', '110 - "Response is Stale"']);
    const ready = await ask(server.url, '/-/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('the store did not answer')]);
    expect(await statusOf('/-/status')).toBe(200);
    if (IS_SLOW) {
      const answers = await Promise.all(waiting.splice(0));
      for (const { status, text } of answers) {
        expect([status, text]).toEqual([503, expect.stringContaining('answer')]);
      }
      for (const url of [at('cold', '@v/v1.0.0.info'), lookupOf('cold')]) {
        expect(await statusOf(url)).toBe(503);
      }
      for (const url of recorded) expect([url, await statusOf(url)]).toEqual([url, 200]);
    }
    await writeFile(planFile, '{}');
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    for (const part of PARTS) {
      const answer = () => statusOf(at('cold', part));
      expect([part, await until(answer, (code) => code === 200)]).toEqual([part, 200]);
    }
    for (const name of ['stored', 'cold']) expect(await statusOf(lookupOf(name))).toBe(200);
    if (IS_SLOW) {
      for (const told of ['its disk does not answer', 'the disk of cache.dir answers again']) {
        const logs = () => Promise.resolve(server.logs());
        expect(await until(logs, (text) => text.includes(told))).toContain(told);
      }
    }
    const written = () => readFile(path.join(server.cacheDir, 'access.log'), 'utf8');
    expect(await until(written, (text) => text.includes(lookupOf('cold')))).toContain('/-/healthz');
    expect(await readFile(path.join(server.cacheDir, 'audit.log'), 'utf8')).toContain('hung.example/memory');
    expect(
      await until(
        () => statusOf('/-/readyz'),
        (code) => code === 200,
      ),
    ).toBe(200);
  }, 120_000);
});
