/** A web server in front of git hosts, which sends requests where it likes and changes answers. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listenOnLoopback, type LoopbackHost } from '../../support/loopback.js';

export interface Asked {
  /** With the query. */
  path: string;
  /** Empty for a GET. */
  body: string;
}

/** What becomes of a request. */
export interface Onwards {
  /** Of 127.0.0.1. */
  port: number;
  path?: string;
  /** What to answer in place of the body; with `cut` the connection breaks after it. */
  change?: (body: Buffer) => { body: Buffer; cut?: boolean };
}

export interface FrontHost extends LoopbackHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The most requests that were open at once. */
  mostAtOnce(): number;
}

/** `route` says what becomes of a request, or answers it by itself. */
export async function frontHost(
  route: (asked: Asked, response: ServerResponse) => Onwards | undefined,
): Promise<FrontHost> {
  let open = 0;
  let most = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const onwards = route({ path: request.url ?? '/', body: body.toString('latin1') }, response);
    if (onwards === undefined) return;
    const { port, path = request.url, change } = onwards;
    const { method, headers } = request;
    const onward = http.request({ host: '127.0.0.1', port, method, path, headers });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.on('response', resolve).on('error', reject).end(body);
    });
    const kept = { ...answer.headers };
    delete kept['content-length'];
    delete kept['transfer-encoding'];
    response.writeHead(answer.statusCode ?? 500, kept);
    if (change === undefined) {
      answer.pipe(response);
      return;
    }
    const changed = change(await buffer(answer));
    if (changed.cut === true) response.write(changed.body, () => request.socket.resetAndDestroy());
    else response.end(changed.body);
  }

  const host = await listenOnLoopback(
    http.createServer((request, response) => {
      most = Math.max(most, (open += 1));
      response.on('close', () => (open -= 1));
      serve(request, response).catch(() => request.socket.destroy());
    }),
  );
  return { ...host, url: `http://127.0.0.1:${host.port}`, mostAtOnce: () => most };
}
