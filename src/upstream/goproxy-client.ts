/**
 * Asks a list of upstream proxies, with the exact meaning of its separators (Go Modules Reference, "Communicating with
 * proxies"): after a comma the next entry is asked only if this one answered 404 or 410, after a pipe on any error.
 *
 * Redirects are followed here, because some proxies send zips from a storage host; credentials are not sent there.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { UpstreamProxy } from '../config/upstream.js';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { redactLine } from '../redact.js';

export interface UpstreamAnswer {
  body: AsyncIterable<Uint8Array>;
  /** Bytes, where the proxy says. */
  length: number | undefined;
}

export interface GoproxyClient {
  /** `path` is escaped and begins with `/`. Throws MODULE_NOT_FOUND, VERSION_GONE, or one of the HOST_ codes. */
  get(path: string): Promise<UpstreamAnswer>;
}

export interface GoproxyClientOptions {
  proxies: () => readonly UpstreamProxy[];
  /** Milliseconds without a byte after which an answer is given up. */
  patienceMs: () => number;
}

export function createGoproxyClient({ proxies, patienceMs }: GoproxyClientOptions): GoproxyClient {
  return {
    async get(path) {
      let failure: unknown = new ModhavenError(
        'MODULE_NOT_FOUND',
        `not found: ${path}: no upstream is configured`,
      );
      for (const proxy of proxies()) {
        try {
          return await ask(proxy, path, patienceMs());
        } catch (error) {
          failure = error;
          const isFact = isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE');
          if (!isFact && proxy.fallbackOn === 'not-found') break;
        }
      }
      throw failure;
    },
  };
}

/** Bytes of a refusal that are looked at. */
const MAX_REFUSAL = 2000;

function ask(proxy: UpstreamProxy, path: string, patienceMs: number): Promise<UpstreamAnswer> {
  return proxy.url.startsWith('file:') ? askFolder(proxy.url + path) : askServer(proxy, path, patienceMs);
}

async function askFolder(url: string): Promise<UpstreamAnswer> {
  const file = fileURLToPath(url);
  try {
    const { size } = await stat(file);
    return { body: createReadStream(file) as AsyncIterable<Uint8Array>, length: size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notFound(url, 'there is no such file');
    throw new ModhavenError('HOST_UNREACHABLE', `cannot read ${url}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

async function askServer(proxy: UpstreamProxy, path: string, patienceMs: number): Promise<UpstreamAnswer> {
  const url = proxy.url + path;
  const watch = watchdog(patienceMs);
  try {
    const response = await fetch(url, { headers: headersFor(proxy), signal: watch.signal });
    if (response.status !== 200) throw await refusal(url, response);
    const length = response.headers.get('content-length');
    return {
      body: watched(response.body ?? [], watch, url),
      // What fetch unpacked has another length than the header says.
      length: length === null || response.headers.has('content-encoding') ? undefined : Number(length),
    };
  } catch (error) {
    watch.stop();
    throw explain(error, watch.signal.aborted, url);
  }
}

function headersFor({ credentials }: UpstreamProxy): Record<string, string> {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function refusal(url: string, response: Response): Promise<ModhavenError> {
  const text = redactLine(await beginningOf(response).catch(() => ''), 150);
  if (response.status === 404)
    return notFound(url, text === '' ? 'the upstream proxy does not have it' : text);
  if (response.status === 410)
    return new ModhavenError('VERSION_GONE', `gone: ${url}`, {
      reason: text === '' ? 'says the upstream proxy' : text,
    });
  return new ModhavenError('HOST_REFUSED', `the upstream proxy answered ${response.status} for ${url}`, {
    reason: text === '' ? undefined : text,
    remedy: 'try again later; if it stays so, correct upstream: in modhaven.yaml',
  });
}

/** The first bytes of a body, which may be endless. */
async function beginningOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    if (pieces.reduce((size, { length }) => size + length, 0) >= MAX_REFUSAL) break;
  }
  return Buffer.concat(pieces).toString('utf8', 0, MAX_REFUSAL);
}

function notFound(url: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${url}`, { reason });
}

function explain(error: unknown, timedOut: boolean, url: string): unknown {
  if (error instanceof ModhavenError) return error;
  if (timedOut)
    return new ModhavenError('HOST_TIMEOUT', `the upstream proxy did not answer: ${url}`, {
      remedy: 'check the network of the modhaven server, or upstream: in modhaven.yaml',
      cause: error,
    });
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new ModhavenError('HOST_UNREACHABLE', `cannot reach the upstream proxy for ${url}`, {
    reason: redactLine(errorMessage(cause)),
    remedy: 'check the network of the modhaven server (proxy, DNS, firewall), or upstream: in modhaven.yaml',
    cause: error,
  });
}

interface Watchdog {
  signal: AbortSignal;
  /** A byte came: the clock starts again. */
  feed(): void;
  stop(): void;
}

function watchdog(patienceMs: number): Watchdog {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patienceMs);
  return {
    signal: controller.signal,
    feed: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}

async function* watched(
  body: AsyncIterable<Uint8Array> | Uint8Array[],
  watch: Watchdog,
  url: string,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      watch.feed();
      yield piece;
    }
  } catch (error) {
    throw explain(error, watch.signal.aborted, url);
  } finally {
    watch.stop();
  }
}
