/**
 * A relay in front of a test host that a test can close, so that "in the middle of a fetch" is a moment it chooses.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

export interface Gate extends LoopbackHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Requests that wait at the closed gate now. */
  waiting(): number;
  /** From now on requests wait, but for the first `letThrough`. */
  close(letThrough?: number): void;
  open(): void;
}

/** A gate to an http port of 127.0.0.1; it is open. */
export async function gateTo(port: number): Promise<Gate> {
  let letThrough = Infinity;
  const held = new Map<ServerResponse, () => void>();

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = request;
    const onward = http.request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  const server = http.createServer((request, response) => {
    if (letThrough > 0) {
      letThrough -= 1;
      pass(request, response);
      return;
    }
    held.set(response, () => pass(request, response));
    response.on('close', () => held.delete(response));
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
      for (const go of held.values()) go();
      held.clear();
    },
  };
}
