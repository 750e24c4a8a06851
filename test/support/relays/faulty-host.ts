/**
 * A relay in front of a git host that breaks its answers: from the n-th on, each goes well until its middle. What the
 * n-th is about is known from a first question without a fault, so that every phase of a question can be met.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';

/** `cut` breaks the connection, `hang` sends no more, `garbage` changes every byte, `error` is a 500 (http alone). */
export type Fault = 'cut' | 'hang' | 'garbage' | 'error';

export interface FaultyHost {
  readonly port: number;
  /** Forgets what was seen; answers go well again. */
  reset(): void;
  /** Breaks the answers from the `n`-th since `reset` on, counted from 0. */
  breakFrom(n: number, fault: Fault): void;
  /** Whether an answer was broken since `reset`. */
  hasBroken(): boolean;
  /** What each answer since `reset` was about, and how many bytes it had. */
  seen(): readonly { about: string; bytes: number }[];
  stop(): Promise<void>;
}

class Faults {
  readonly answers: { about: string; bytes: number }[] = [];
  #from = Infinity;
  #fault: Fault = 'cut';
  broken = false;

  reset(): void {
    this.answers.length = 0;
    this.#from = Infinity;
    this.broken = false;
  }

  breakFrom(n: number, fault: Fault): void {
    [this.#from, this.#fault] = [n, fault];
  }

  /** The fault of the answer that begins now. */
  next(about: string): { fault: Fault | undefined; answer: { bytes: number } } {
    const answer = { about, bytes: 0 };
    const fault = this.answers.push(answer) > this.#from ? this.#fault : undefined;
    if (fault !== undefined) this.broken = true;
    return { fault, answer };
  }
}

function faultyHost(faults: Faults, host: LoopbackHost): FaultyHost {
  return {
    port: host.port,
    stop: async () => host.stop(),
    reset: () => faults.reset(),
    breakFrom: (n, fault) => faults.breakFrom(n, fault),
    hasBroken: () => faults.broken,
    seen: () => faults.answers,
  };
}

/** In front of an http host at `port` of 127.0.0.1; an answer is that to a request. */
export async function faultyHttp(port: number): Promise<FaultyHost> {
  const faults = new Faults();
  const server = http.createServer((request, response) => {
    relay(request, response, port, faults).catch(() => request.socket.destroy());
  });
  return faultyHost(faults, await listenOnLoopback(server));
}

async function relay(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  faults: Faults,
): Promise<void> {
  const { method, url: path, headers } = request;
  const question = await buffer(request);
  const { fault, answer } = faults.next(aboutOf(request, question));
  if (fault === 'error') {
    response.writeHead(500).end('out of order\n');
    return;
  }
  const onward = http.request({ host: '127.0.0.1', port, method, path, headers });
  const received = await new Promise<IncomingMessage>((resolve, reject) => {
    onward.on('response', resolve).on('error', reject).end(question);
  });
  const body = await buffer(received);
  answer.bytes = body.length;
  const kept = { ...received.headers, 'content-length': String(body.length) };
  delete kept['transfer-encoding'];
  response.writeHead(received.statusCode ?? 500, kept);
  if (fault === undefined) {
    response.end(body);
  } else if (fault === 'garbage') {
    response.end(spoiled(body, body.length >> 1));
  } else {
    response.write(body.subarray(0, body.length >> 1), () => {
      if (fault === 'cut') request.socket.resetAndDestroy();
    });
  }
}

function aboutOf({ method, headers }: IncomingMessage, question: Buffer): string {
  if (method === 'GET') return 'what the host can do';
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(question) : question;
  return /command=([a-z-]+)/.exec(plain.toString('latin1'))?.[1] ?? 'pack';
}

/**
 * In front of any host at `port` of 127.0.0.1; an answer is all that comes on a connection on which was asked. Its middle
 * is that of the answer which had the same number before the last `reset`.
 */
export async function faultyTcp(port: number): Promise<FaultyHost> {
  const faults = new Faults();
  let middles: number[] = [];
  const server = createServer((client) => {
    client.once('data', (first: Buffer) => {
      const number = faults.answers.length;
      const { fault, answer } = faults.next('connection');
      const host = connect(port, '127.0.0.1');
      host.write(first);
      client.pipe(host);
      const end = (): void => {
        client.destroy();
        host.destroy();
      };
      for (const socket of [client, host]) socket.on('error', end).on('close', end);
      host.on('data', (bytes: Buffer) => {
        const middle = fault === undefined ? Infinity : (middles[number] ?? 0);
        const good = Math.max(0, Math.min(bytes.length, middle - answer.bytes));
        answer.bytes += bytes.length;
        pass(client, bytes, good, fault);
      });
    });
    client.on('error', () => client.destroy());
  });
  const host = faultyHost(faults, await listenOnLoopback(server));
  return {
    ...host,
    reset: () => {
      if (faults.answers.length > 0 && !faults.broken) {
        middles = faults.answers.map(({ bytes }) => bytes >> 1);
      }
      faults.reset();
    },
  };
}

function pass(client: Socket, bytes: Buffer, good: number, fault: Fault | undefined): void {
  if (client.destroyed) return;
  if (good === bytes.length || fault === undefined) {
    client.write(bytes);
  } else if (fault === 'garbage') {
    client.write(spoiled(bytes, good));
  } else {
    if (good > 0) client.write(bytes.subarray(0, good));
    if (fault === 'cut') client.resetAndDestroy();
  }
}

/** `bytes` with all from `start` on changed. */
function spoiled(bytes: Buffer, start: number): Buffer {
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start).map((byte) => byte ^ 0x5a)]);
}
