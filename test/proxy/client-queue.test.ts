import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { currentClient } from '../../src/concurrency/on-behalf-of.js';
import { ClientQueue, fetcherOf } from '../../src/proxy/client-queue.js';
import { admit } from '../../src/proxy/gate.js';

function request(remoteAddress: string, name = 'anyone'): IncomingMessage {
  const plain = { headers: {}, socket: { remoteAddress } } as unknown as IncomingMessage;
  return admit(plain, { principal: { name }, audience: undefined });
}

it('refuses what one client has waiting beyond the limit, and nothing of another one', async () => {
  let end: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  const queue = new ClientQueue({ limit: () => 2, trusts: () => false });
  const waits = (from: IncomingMessage) => queue.run(from, () => until);
  const running = [waits(request('192.0.2.1')), waits(request('192.0.2.1'))];
  await expect(waits(request('192.0.2.1'))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  running.push(waits(request('192.0.2.2')), waits(request('192.0.2.1', 'ann')));
  expect(queue.report()).toEqual([
    { client: '192.0.2.1', requests: 2 },
    { client: '192.0.2.2', requests: 1 },
    { client: 'ann', requests: 1 },
  ]);
  end();
  await Promise.all(running);
  await queue.run(request('192.0.2.1'), () => Promise.resolve());
  expect(queue.report()).toEqual([]);
});

it('frees the place of what fails, and says on whose behalf it runs', async () => {
  const queue = new ClientQueue({ limit: () => 1, trusts: () => false });
  await expect(queue.run(request('192.0.2.1'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const seen = await queue.run(request('192.0.2.1', 'ann'), async () => {
    await Promise.resolve();
    return currentClient();
  });
  expect(seen).toBe('ann\n192.0.2.1');
  expect(currentClient()).toBe('');
  expect(fetcherOf(seen)).toEqual({ kind: 'user', name: 'ann' });
  const address = await queue.run(request('192.0.2.1'), () => Promise.resolve(fetcherOf(currentClient())));
  expect(address).toEqual({ kind: 'address', name: '192.0.2.1' });
  expect(fetcherOf(currentClient())).toEqual({ kind: 'server' });
});
