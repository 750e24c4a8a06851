/** What clients notice when a worker or the main process dies, or stands still. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { survivors, withDescendants, type Process } from '../../chaos/processes.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, logged, until } from '../../support/ask.js';

const INFO = '/workers.example/lib/@v/v1.0.0.info';
const SOON_MS = 30_000;

interface Status {
  store: { damaged: { count: number } };
}

describe.skipIf(missing('git'))('a server with two workers', () => {
  let root: string;
  let server: ModhavenServer;

  const start = async (dir?: string): Promise<ModhavenServer> =>
    startServer({
      ...(dir !== undefined && { dir }),
      config: { workers: 2 },
      vanity: { host: 'workers.example', paths: { '/{name}': `${root}/{name}.git` } },
    });
  const workers = (): Process[] =>
    withDescendants(server.pid).filter(({ command }) => command.includes('worker.js'));
  const twoWorkers = async (): Promise<void> => {
    const found = await until(workers, (all) => all.length === 2, SOON_MS);
    expect(found).toHaveLength(2);
  };
  const statuses = async (count: number): Promise<Set<number>> => {
    const answers = await Promise.all(Array.from({ length: count }, async () => ask(server.url, INFO)));
    return new Set(answers.map(({ status }) => status));
  };

  beforeAll(async () => {
    root = await tempDir('workers');
    const made = await repo(path.join(root, 'lib.git'));
    await made.write({ 'go.mod': 'module workers.example/lib\n' }).commit('one');
    await made.tag('v1.0.0');
    server = await start();
    await logged(server, 'modhaven is ready');
    expect((await ask(server.url, INFO)).status).toBe(200);
  });
  afterAll(async () => server.stop());

  it('answers every new question while one of them is dead, and has two again', async () => {
    const [victim] = workers();
    if (victim === undefined) throw new Error('there is no worker');
    process.kill(victim.pid, 'SIGKILL');
    await until(
      () => survivors([victim]),
      (alive) => alive.length === 0,
      SOON_MS,
    );
    for (let i = 0; i < 5; i += 1) expect(await statuses(10)).toEqual(new Set([200]));
    await twoWorkers();
  });

  it('answers every new question while one of them stands still, and replaces it', async () => {
    const [victim] = workers();
    if (victim === undefined) throw new Error('there is no worker');
    process.kill(victim.pid, 'SIGSTOP');
    for (let i = 0; i < 5; i += 1) expect(await statuses(10)).toEqual(new Set([200]));
    expect(
      await until(
        () => survivors([victim]),
        (alive) => alive.length === 0,
        SOON_MS,
      ),
    ).toEqual([]);
    await twoWorkers();
  });

  it('answers what is stored while its main process stands still', async () => {
    await statuses(20); // both workers know it
    server.signal('SIGSTOP');
    try {
      for (let i = 0; i < 5; i += 1) expect(await statuses(10)).toEqual(new Set([200]));
    } finally {
      server.signal('SIGCONT');
    }
    expect((await ask(server.url, '/workers.example/lib/@v/list')).text).toBe('v1.0.0\n');
  });

  it('ends with its main process, and can be started again at once', async () => {
    const all = withDescendants(server.pid);
    expect(all.length).toBeGreaterThan(2);
    server.signal('SIGKILL');
    await server.exited;
    expect(
      await until(
        () => survivors(all),
        (alive) => alive.length === 0,
        SOON_MS,
      ),
    ).toEqual([]);
    // What a worker finds damaged is counted by the main process, which tells of it.
    await writeFile(path.join(server.cacheDir, 'download', INFO), '');
    server = await start(server.dir);
    expect((await ask(server.url, INFO)).status).toBe(200);
    const counted = async () => {
      const status = JSON.parse((await ask(server.url, '/-/status')).text) as Status;
      return status.store.damaged.count;
    };
    await expect.poll(counted, { timeout: SOON_MS }).toBe(1);
  });
});
