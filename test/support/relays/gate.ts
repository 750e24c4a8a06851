/**
 * A relay in front of a test host that a test can close, so that "in the middle of a fetch" is a moment it chooses.
 */
import http, { type ServerResponse } from 'node:http';
import { listenOnLoopback, passOn, type LoopbackHost } from '../loopback.js';

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

  const server = http.createServer((request, response) => {
    if (letThrough > 0) {
      letThrough -= 1;
      passOn(request, response, port);
      return;
    }
    held.set(response, () => passOn(request, response, port));
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
