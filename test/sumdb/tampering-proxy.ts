/** An attacker in the middle: passes requests on to a modhaven, and changes what a test tells it to. */
import http from 'node:http';
import { listenOnLoopback, type Stoppable } from '../support/loopback.js';

/** The body in place of the one that came; undefined answers 404. */
type Change = (body: Buffer, path: string) => Buffer | undefined | Promise<Buffer | undefined>;

export interface TamperingProxy extends Stoppable {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly paths: string[];
  /** Changes the answers to paths that match, from now on; a later call for the same pattern replaces the change. */
  change(pattern: RegExp, change: Change): void;
}

/** `target`: where the modhaven is now, without a slash at the end. */
export async function tamperingProxy(target: () => string): Promise<TamperingProxy> {
  const paths: string[] = [];
  const changes = new Map<string, { pattern: RegExp; change: Change }>();

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    paths.push(path);
    const from = await fetch(target() + path);
    let body: Buffer | undefined = Buffer.from(await from.arrayBuffer());
    for (const { pattern, change } of changes.values()) {
      if (pattern.test(path) && body !== undefined) body = await change(body, path);
    }
    const status = body === undefined ? 404 : from.status;
    const type = from.headers.get('content-type') ?? 'text/plain';
    response.writeHead(status, { 'content-type': type }).end(body);
  }

  const host = await listenOnLoopback(
    http.createServer((request, response) => void answer(request, response)),
  );
  return {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    paths,
    change: (pattern, change) => void changes.set(String(pattern), { pattern, change }),
  };
}
