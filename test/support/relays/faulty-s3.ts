/** A relay in front of an object store that fails as object stores do: for a share of the requests, in one way at a time. */
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { listenOnLoopback, passOn, type LoopbackHost } from '../loopback.js';

/** `full`: no write succeeds; `slow`: half a second before each answer; `cut`: the connection breaks in the middle. */
export type S3Fault = 'none' | 'error' | 'overloaded' | 'full' | 'slow' | 'cut' | 'down';

/**
 * What happens to one request: answered as if it was done, which it is not; done, but its answer is lost (`lost`), ends in
 * its middle (`cut`), has a wrong byte (`wrong`) or says that it is compressed (`encoded`); done only after `release`
 * (`held`); answered with the page of a proxy (`page`), or with an error instead.
 */
export type S3Fate =
  'pretended' | 'lost' | 'cut' | 'wrong' | 'encoded' | 'page' | 'held' | [status: number, code: string];

export interface FaultyS3 extends LoopbackHost {
  readonly url: string;
  /** `METHOD /BUCKET/KEY?QUERY`, decoded, of all requests since the start. */
  readonly requests: string[];
  /** From now on decides over each request, before `fail`. Undefined: `fail` decides. */
  decide: ((request: string) => S3Fate | undefined) | undefined;
  /** From now on every `every`-th request fails so. */
  fail(fault: S3Fault, every?: number): void;
  /** Passes on what was held, in its order. */
  release(): void;
}

const ANSWERS: Partial<Record<S3Fault, [status: number, code: string]>> = {
  error: [500, 'InternalError'],
  overloaded: [503, 'SlowDown'],
  full: [507, 'XMinioStorageFull'],
};

export async function faultyS3(port: number): Promise<FaultyS3> {
  let [fault, every, count] = ['none' as S3Fault, 1, 0];
  const held: (() => void)[] = [];
  const server = createServer((request, response) => {
    count += 1;
    const line = decodeURIComponent(`${request.method} ${request.url}`);
    faulty.requests.push(line);
    const fate = faulty.decide?.(line);
    if (fate === 'held') {
      held.push(() => passOn(request, response, port));
      return;
    }
    if (fate !== undefined) {
      meet(fate, request, response, port);
      return;
    }
    const isWrite = request.method === 'PUT' || request.method === 'POST';
    const fails = fault !== 'none' && count % every === 0 && (fault !== 'full' || isWrite);
    if (!fails) {
      passOn(request, response, port);
      return;
    }
    const answer = ANSWERS[fault];
    if (answer !== undefined) {
      refuse(answer, request, response);
    } else if (fault === 'slow') {
      setTimeout(() => passOn(request, response, port), 500);
    } else if (fault === 'cut') {
      meet('cut', request, response, port);
    } else {
      request.socket.destroy();
    }
  });
  const host = await listenOnLoopback(server);
  const faulty: FaultyS3 = {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    requests: [],
    decide: undefined,
    fail(next, each = 1) {
      [fault, every, count] = [next, each, 0];
    },
    release() {
      for (const pass of held.splice(0)) pass();
    },
  };
  return faulty;
}

function meet(
  fate: Exclude<S3Fate, 'held'>,
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
): void {
  if (Array.isArray(fate)) {
    refuse(fate, request, response);
    return;
  }
  if (fate === 'pretended') {
    request.resume();
    response.writeHead(200, { etag: '"pretended"' });
    response.end('<?xml version="1.0"?><CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
    return;
  }
  if (fate === 'page') {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>This page was blocked.</p>');
    return;
  }
  const write = response.write.bind(response);
  if (fate === 'cut') {
    response.write = ((piece: Buffer) => {
      write(piece.subarray(0, Math.ceil(piece.length / 2)));
      response.destroy();
      return false;
    }) as typeof response.write;
  }
  if (fate === 'wrong') {
    response.write = ((piece: Buffer, done?: () => void) => {
      const wrong = Buffer.from(piece);
      wrong[0] = (wrong[0] ?? 0) ^ (1 + Math.floor(Math.random() * 255));
      return write(wrong, done);
    }) as typeof response.write;
  }
  if (fate === 'encoded') {
    const begin = response.writeHead.bind(response);
    response.writeHead = ((status: number, headers: OutgoingHttpHeaders) =>
      begin(status, { ...headers, 'content-encoding': 'gzip' })) as typeof response.writeHead;
  }
  if (fate === 'lost') {
    response.writeHead = () => {
      response.destroy();
      return response;
    };
  }
  passOn(request, response, port);
}

function refuse(
  [status, code]: [status: number, code: string],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>a test</Message></Error>`);
}

/** From now on the first `count` requests that `is` finds meet `fate`, and all others pass. */
export function nextMeet(
  relay: FaultyS3,
  count: number,
  fate: S3Fate,
  is: (request: string) => boolean,
): void {
  let left = count;
  relay.decide = (request) => {
    if (left === 0 || !is(request)) return undefined;
    left -= 1;
    return fate;
  };
}
