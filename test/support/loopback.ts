/** Listening on loopback: the part that every in-process test host shares. */
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { freePort } from './free-port.js';

/** A host that runs until it is stopped. */
export interface Stoppable {
  /** Closes the port and every open connection. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A listening host. */
export interface LoopbackHost extends Stoppable {
  readonly port: number;
}

export { freePort };

/** Starts `server` on 127.0.0.1, without `port` at one that no other host is given once this one is stopped. */
export async function listenOnLoopback(server: Server, port?: number): Promise<LoopbackHost> {
  const place = port ?? (await freePort());
  const sockets = new Set<Socket>();
  // Node forgets sockets that were upgraded or CONNECTed, and `close` alone waits for hung ones forever.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: address.port, stop, [Symbol.asyncDispose]: stop };
}

/** Puts `request` to an http server at `port` of 127.0.0.1, with these headers, and its answer into `response`. */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  headers: IncomingHttpHeaders = request.headers,
): void {
  const { method, url: path } = request;
  const onward = http.request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

/** Whether something accepts connections at a port of 127.0.0.1 and answers `GET path` with 200. */
export async function answersOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
