import http, { Agent, createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HeldConnections, excessOf } from '../../src/workers/connection-share.js';
import { until } from '../support/ask.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

describe('excessOf', () => {
  it.each([
    { own: 8, all: [8, 0], ends: 4 },
    { own: 6, all: [6, 2], ends: 2 },
    { own: 5, all: [5, 3], ends: 0 },
    { own: 0, all: [8, 0], ends: 0 },
    { own: 9, all: [9, 1, 2], ends: 5 },
    { own: 1, all: [1, 0], ends: 0 },
    { own: 3, all: [3], ends: 0 },
  ])('is $ends for $own of $all', ({ own, all, ends }) => {
    expect(excessOf(own, all)).toBe(ends);
  });
});

describe('HeldConnections', () => {
  let host: LoopbackHost | undefined;
  const agents: Agent[] = [];
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await host?.stop();
  });

  async function start(): Promise<{ held: HeldConnections; get: (agent: Agent) => Promise<string> }> {
    const held = new HeldConnections();
    const server = createServer(held.inFrontOf((_request, response) => response.end('ok')));
    held.countThoseOf(server);
    const { port } = (host = await listenOnLoopback(server));
    const get = (agent: Agent): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = http.get({ host: '127.0.0.1', port, agent }, (response) => {
          response.resume().on('end', () => resolve(response.headers.connection ?? ''));
        });
        request.on('error', reject);
      });
    return { held, get };
  }

  function client(): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  }

  it('counts connections, and ends as many as it is told after their next response', async () => {
    const { held, get } = await start();
    const clients = [client(), client(), client()];
    for (const one of clients) expect(await get(one)).toBe('keep-alive');
    expect(held.count).toBe(3);
    held.endSome(2);
    const answers: string[] = [];
    for (const one of clients) answers.push(await get(one));
    expect(answers).toEqual(['close', 'close', 'keep-alive']);
    const left = await until(
      () => held.count,
      (count) => count === 1,
    );
    expect(left).toBe(1);
  });
});
