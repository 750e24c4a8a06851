/** A real http server that plays an upstream proxy (or a storage host) and notes every request it gets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createZipWriter } from '../../src/zip/writer.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeUpstream extends LoopbackHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The path of every request, in order. */
  readonly asked: string[];
  /** What is answered, by path; anything else gets 404. */
  readonly answers: Record<string, Respond>;
  /** For paths without an answer of their own. */
  otherwise: Respond;
}

export async function fakeUpstream(): Promise<FakeUpstream> {
  const asked: string[] = [];
  const answers: Record<string, Respond> = {};
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    (answers[path] ?? fake.otherwise)(request, response);
  });
  const host = await listenOnLoopback(server);
  const fake: FakeUpstream = {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    asked,
    answers,
    otherwise: status(404, 'not found: nobody knows'),
  };
  return fake;
}

export function status(code: number, text = '', headers: Record<string, string> = {}): Respond {
  return (_request, response) => response.writeHead(code, headers).end(text);
}

/** A body with its length. */
export function send(bytes: Buffer): Respond {
  return (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
}

/** A redirect. */
export function to(location: string): Respond {
  return status(302, '', { location });
}

/** A body of which the first half comes at once and the rest when `proceed` is called. */
export function inTwoHalves(bytes: Buffer, length = bytes.length): { respond: Respond; proceed: () => void } {
  let proceed: () => void = () => undefined;
  const rest = new Promise<void>((resolve) => (proceed = resolve));
  const half = Math.floor(bytes.length / 2);
  return {
    proceed,
    respond: (_request, response) => {
      response.writeHead(200, { 'content-length': length }).write(bytes.subarray(0, half));
      void rest.then(() => {
        if (length === bytes.length) response.end(bytes.subarray(half));
        // It promised more than there is.
        else response.write(bytes.subarray(half), () => response.destroy());
      });
    },
  };
}

/** A module zip of one file. */
export async function zipOf(
  name: string,
  content: string | Buffer = 'package mod\n',
  file = 'mod.go',
): Promise<Buffer> {
  const sink = new PassThrough();
  const bytes = buffer(sink);
  const writer = createZipWriter(sink);
  await writer.addBuffer(`${name}/${file}`, Buffer.from(content));
  await writer.finish();
  sink.end();
  return bytes;
}
