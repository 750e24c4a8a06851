/** One client that asks for more than it may have waiting, at a git host that is slow, and another one that asks for one thing. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, until } from '../support/ask.js';
import { gateTo, type Gate } from '../support/relays/gate.js';

const ways = [
  { name: 'one process', workers: 1 },
  { name: 'two workers', workers: 2 },
];
const LIMIT = 6;

describe.skipIf(missing('git')).each(ways)('a greedy client by $name', ({ workers }) => {
  let host: GitHttpHost;
  let gate: Gate;
  let server: ModhavenServer;

  beforeAll(async () => {
    const root = await tempDir('fairness');
    for (let number = 0; number < 10; number += 1) {
      const made = await repo(path.join(root, `m${number}.git`));
      await made.write({ 'go.mod': `module corp.test/m${number}\n` }).commit('one');
    }
    host = await gitHttpHost(root);
    gate = await gateTo(host.port);
    server = await startServer({
      config: {
        workers,
        trust_proxy: ['127.0.0.1'],
        limits: { client_queue: LIMIT },
        vcs: { concurrency: 2 },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${gate.url}/{name}.git\n`,
    });
  });
  afterAll(async () => {
    await server.stop();
    await gate.stop();
    await host.stop();
  });

  it('is told to come later, and does not stop the others', async () => {
    gate.close();
    const done: string[] = [];
    const get = async (client: string, module: string) => {
      const answer = await ask(server.url, `/corp.test/${module}/@latest`, {
        headers: { 'X-Forwarded-For': client },
      });
      done.push(`${client} ${answer.status}`);
      return answer;
    };
    const greedy = Array.from({ length: 9 }, (_, number) => get('198.51.100.1', `m${number}`));
    await until(
      () => done.length,
      (count) => count >= 9 - LIMIT,
    );
    expect(done).toEqual(Array.from({ length: 9 - LIMIT }, () => '198.51.100.1 429'));
    const modest = get('198.51.100.2', 'm9');
    gate.open();
    const answers = await Promise.all(greedy);
    expect((await modest).status).toBe(200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(refused).toHaveLength(9 - LIMIT);
    for (const { headers, text } of refused) {
      expect(headers['retry-after']).toBe('5');
      expect(text).toContain(`${LIMIT} of yours are waiting`);
    }
  });
});
