/**
 * Ports for what tests start, the programs that cannot be told to take any among them.
 *
 * Between the choice and the start of a program no other one may take its port, and the port of a host that a test has stopped
 * must stay without one. So none comes from what the kernel gives to connections and to listeners at port 0 (32768 and above on
 * Linux). A test process has a block of ports for itself: it listens at the first of them as long as it lives, and the processes
 * of other runs do the same.
 */
import { createServer, type Server } from 'node:net';

const [FIRST, BLOCK, BLOCKS] = [10_240, 256, 87];

let held: Promise<number> | undefined;
let calls = 0;

/** A port of 127.0.0.1 that is free, and that no other caller is given soon. */
export async function freePort(): Promise<number> {
  const block = await (held ??= holdBlock());
  for (let tries = 1; tries < BLOCK; tries += 1) {
    calls += 1;
    const port = block + 1 + (calls % (BLOCK - 1));
    const server = await listenAt(port);
    if (server === undefined) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`no port from ${block} to ${block + BLOCK - 1} is free`);
}

/** The first port of a block that no other process holds. */
async function holdBlock(): Promise<number> {
  for (let i = 0; i < BLOCKS; i += 1) {
    const port = FIRST + ((process.pid + i) % BLOCKS) * BLOCK;
    const server = await listenAt(port);
    if (server === undefined) continue;
    server.unref();
    return port;
  }
  throw new Error('every block of ports is held by another test process');
}

/** Undefined where something else listens. */
async function listenAt(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
