/** A host in between that notes what a client asks of another one, so that the same can be asked again without the client. */
import http, { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import pLimit from 'p-limit';
import { listenOnLoopback, type Stoppable } from '../../test/support/loopback.js';

export interface Recorded {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Recorder extends Stoppable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** In the order in which they came. */
  readonly requests: Recorded[];
}

/** Hands everything on to `target`, an http address without a path. */
export async function startRecorder(target: string): Promise<Recorder> {
  const requests: Recorded[] = [];
  const host = await listenOnLoopback(
    createServer((request, response) => {
      const { method = 'GET', url: path = '/', headers } = request;
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const recorded = { method, path, headers, body: Buffer.concat(pieces) };
        requests.push(recorded);
        send(target, recorded, undefined).then(
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
          },
          () => response.destroy(),
        );
      });
    }),
  );
  return { ...host, url: `http://127.0.0.1:${host.port}`, requests };
}

/**
 * Sends `requests` to `target` once more, on connections that are kept: those of one group in their order, and so many
 * groups at a time. Answers are read to their end.
 */
export async function askAgain(
  target: string,
  requests: readonly Recorded[],
  { groupOf, atATime }: { groupOf: (request: Recorded) => string; atATime: number },
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atATime });
  const limit = pLimit(atATime);
  const groups = new Map<string, Recorded[]>();
  for (const request of requests) {
    const name = groupOf(request);
    groups.set(name, [...(groups.get(name) ?? []), request]);
  }
  const askAll = async (group: readonly Recorded[]) => {
    for (const request of group) {
      const answer = await send(target, request, agent);
      if (answer.statusCode !== 200) throw new Error(`${request.path} answered ${answer.statusCode}`);
      await buffer(answer);
    }
  };
  await Promise.all([...groups.values()].map((group) => limit(() => askAll(group))));
  agent.destroy();
}

function send(
  target: string,
  { method, path, headers, body }: Recorded,
  agent: http.Agent | undefined,
): Promise<http.IncomingMessage> {
  // Those are about the connection that they came on.
  const others = Object.entries(headers).filter(
    ([name]) => !['host', 'connection', 'transfer-encoding'].includes(name),
  );
  const sent = { ...Object.fromEntries(others), 'content-length': body.length };
  const options = { method, headers: sent, agent: agent ?? false };
  return new Promise((resolve, reject) => {
    http
      .request(target + path, options, resolve)
      .on('error', reject)
      .end(body);
  });
}
