/** A relay in front of any TCP server, which can be slow, or parted from it as by a network that drops every packet. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';

export interface TcpRelay extends LoopbackHost {
  /** `SCHEME://127.0.0.1:PORT` */
  url(scheme: string): string;
  /** From now on every piece takes so much longer, in milliseconds. */
  delayMs: number;
  /**
   * From now on nothing passes: connections stay, and new ones are accepted, but nothing answers. What was on its way
   * arrives after `heal`, as with TCP, on connections that have not been given up.
   */
  part(): void;
  heal(): void;
}

/** Passes every connection on to `port` of 127.0.0.1. */
export async function tcpRelay(port: number): Promise<TcpRelay> {
  let whole = Promise.resolve();
  let heal: () => void = () => undefined;
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    for await (const piece of from as AsyncIterable<Buffer>) {
      if (relay.delayMs > 0) await sleep(relay.delayMs);
      await whole;
      to.write(piece);
    }
    await whole;
    to.end();
  };
  const server = createServer((client) => {
    const onward = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      from.on('error', () => to.destroy());
      carry(from, to).catch(() => to.destroy());
    }
  });
  const host = await listenOnLoopback(server);
  const relay: TcpRelay = {
    ...host,
    url: (scheme) => `${scheme}://127.0.0.1:${host.port}`,
    delayMs: 0,
    part() {
      heal();
      whole = new Promise((resolve) => (heal = resolve));
    },
    heal: () => heal(),
  };
  return relay;
}
