/**
 * A relay in front of a test host that a test can close, so that "in the middle of a fetch" is a moment it chooses.
 */
import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

export interface Gate extends LoopbackHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Connections that wait at the closed gate now, having sent their first bytes. */
  waiting(): number;
  /** From now on connections wait, but for the first `letThrough` that send something. */
  close(letThrough?: number): void;
  open(): void;
}

/** A gate to a port of 127.0.0.1; it is open. */
export async function gateTo(port: number): Promise<Gate> {
  let letThrough = Infinity;
  const held = new Set<Socket>();

  function pass(client: Socket, first: Buffer): void {
    const onward = connect(port, '127.0.0.1');
    onward.write(first);
    client.pipe(onward).pipe(client);
    onward.on('error', () => client.destroy());
    client.on('close', () => onward.destroy());
    // A client that died while it waited has no more to say, and closes without saying so.
    if (client.destroyed) onward.destroy();
  }

  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    // Whoever only looks whether the port answers sends nothing, and is not counted.
    client.once('data', (first: Buffer) => {
      client.pause();
      if (letThrough > 0) {
        letThrough -= 1;
        pass(client, first);
        return;
      }
      held.add(client);
      client.on('close', () => held.delete(client));
      client.once('gate', () => pass(client, first));
    });
  });
  const host = await listenOnLoopback(server);
  return {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    waiting: () => held.size,
    close: (first = 0) => {
      letThrough = first;
    },
    open: () => {
      letThrough = Infinity;
      for (const client of held) client.emit('gate');
      held.clear();
    },
  };
}
