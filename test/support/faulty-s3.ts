/** A relay in front of an object store that fails as object stores do: for a share of the requests, in one way at a time. */
import { createServer } from 'node:http';
import { listenOnLoopback, passOn, type LoopbackHost } from './loopback.js';

/** `full`: no write succeeds; `slow`: half a second before each answer; `cut`: the connection breaks in the middle. */
export type S3Fault = 'none' | 'error' | 'overloaded' | 'full' | 'slow' | 'cut' | 'down';

export interface FaultyS3 extends LoopbackHost {
  readonly url: string;
  /** From now on every `every`-th request fails so. */
  fail(fault: S3Fault, every?: number): void;
}

const ANSWERS: Partial<Record<S3Fault, [status: number, code: string]>> = {
  error: [500, 'InternalError'],
  overloaded: [503, 'SlowDown'],
  full: [507, 'XMinioStorageFull'],
};

export async function faultyS3(port: number): Promise<FaultyS3> {
  let [fault, every, count] = ['none' as S3Fault, 1, 0];
  const server = createServer((request, response) => {
    count += 1;
    const isWrite = request.method === 'PUT' || request.method === 'POST';
    const fails = fault !== 'none' && count % every === 0 && (fault !== 'full' || isWrite);
    if (!fails) {
      passOn(request, response, port);
      return;
    }
    const answer = ANSWERS[fault];
    if (answer !== undefined) {
      const [status, code] = answer;
      request.resume();
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>a test</Message></Error>`);
    } else if (fault === 'slow') {
      setTimeout(() => passOn(request, response, port), 500);
    } else if (fault === 'cut') {
      const write = response.write.bind(response);
      response.write = ((piece: Buffer) => {
        write(piece.subarray(0, Math.ceil(piece.length / 2)));
        response.destroy();
        return false;
      }) as typeof response.write;
      passOn(request, response, port);
    } else {
      request.socket.destroy();
    }
  });
  const host = await listenOnLoopback(server);
  return {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    fail(next, each = 1) {
      [fault, every, count] = [next, each, 0];
    },
  };
}
