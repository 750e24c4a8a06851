/** No two programs of tests are started at one port. */
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { listenOnLoopback } from './loopback.js';

it('names no port twice in a row, none that is taken, and none that the kernel gives away', async () => {
  const ports = await Promise.all(Array.from({ length: 60 }, freePort));
  expect(new Set(ports).size).toBe(60);
  for (const port of ports) expect(port).toBeLessThan(32_768);
  const [taken = 0] = ports;
  await using host = await listenOnLoopback(createServer(), taken);
  for (let i = 0; i < 300; i += 1) expect(await freePort()).not.toBe(host.port);
});

it('names only those of a block that no other process can hold meanwhile', async () => {
  const port = await freePort();
  const first = port - (port % 256);
  await expect(listenOnLoopback(createServer(), first)).rejects.toThrow('EADDRINUSE');
});
