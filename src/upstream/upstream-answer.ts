/**
 * Asks one upstream proxy for one path, and follows its redirects: some proxies send zips from a storage host.
 *
 * Credentials go to the proxy itself and to no host it names. Addresses of storage hosts hold signatures, so no message
 * shows more of them than the host.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { UpstreamProxy } from '../config/upstream.js';
import { ModhavenError, errorMessage, type ModhavenErrorOptions } from '../errors.js';
import { redactLine } from '../redact.js';

export interface UpstreamAnswer {
  body: AsyncIterable<Uint8Array>;
  /** Bytes, where the proxy says. */
  length: number | undefined;
}

/** What a caller makes of an answer: it reads the body to its end, or throws. */
export type Consume<T> = (answer: UpstreamAnswer) => Promise<T>;

/** How long an upstream may take, in milliseconds. */
export interface Timeouts {
  /** Without a byte. */
  idleTimeoutMs: number;
  /** For the whole answer: whoever sends a byte now and then is not silent. */
  overallMs: number;
}

/** What a host behind a redirect failed to do says nothing about the proxy: a new question gets a new redirect. */
export class StorageHostFailure extends ModhavenError {}

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Bytes of a refusal that are looked at. */
const MAX_REFUSAL = 2000;

/**
 * `path` is escaped and begins with `/`. Throws MODULE_NOT_FOUND or VERSION_GONE for what the proxy does not have, one
 * of the HOST_ codes if it cannot be asked, and what `consume` throws.
 */
export function askUpstream<T>(
  proxy: UpstreamProxy,
  path: string,
  patience: Timeouts,
  consume: Consume<T>,
): Promise<T> {
  return proxy.url.startsWith('file:')
    ? askFolder(proxy.url + path, consume)
    : askServer(proxy, path, patience, consume);
}

async function askFolder<T>(url: string, consume: Consume<T>): Promise<T> {
  const file = fileURLToPath(url);
  let length: number;
  try {
    length = (await stat(file)).size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw absent(url, 'there is no such file');
    throw new ModhavenError('HOST_UNREACHABLE', `cannot read ${url}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
  const body = createReadStream(file);
  try {
    return await consume({ body: body as AsyncIterable<Uint8Array>, length });
  } finally {
    body.destroy();
  }
}

async function askServer<T>(
  proxy: UpstreamProxy,
  path: string,
  patience: Timeouts,
  consume: Consume<T>,
): Promise<T> {
  const url = proxy.url + path;
  const watch = watchdog(patience);
  let storage: string | undefined;
  const failed = (error: unknown) => explain(error, { url, storage, timedOut: watch.signal.aborted });
  try {
    const { response, host } = await follow(proxy, url, watch).catch((error: unknown) => {
      throw failed(error);
    });
    storage = host === new URL(url).host ? undefined : host;
    watch.feed();
    if (response.status !== 200) throw await refusal(url, storage, response);
    const length = response.headers.get('content-length');
    return await consume({
      body: watched(response, watch, failed),
      // What fetch unpacked has another length than the header says.
      length: length === null || response.headers.has('content-encoding') ? undefined : Number(length),
    });
  } finally {
    watch.end();
  }
}

/** The answer at the end of the redirects, and the host (with its port) that gave it. */
async function follow(
  proxy: UpstreamProxy,
  url: string,
  watch: Watchdog,
): Promise<{ response: Response; host: string }> {
  const home = new URL(url);
  let at = home;
  for (let hops = 0; ; hops += 1) {
    const headers = { 'accept-encoding': 'identity', ...(at.origin === home.origin ? login(proxy) : {}) };
    const response = await fetch(at.href, { headers, redirect: 'manual', signal: watch.signal });
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return { response, host: at.host };
    await response.body?.cancel();
    at = nextHop(at, location, url);
    if (hops === MAX_REDIRECTS)
      throw refused(url, { reason: `it redirects more than ${MAX_REDIRECTS} times` });
  }
}

function nextHop(from: URL, location: string, url: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw refused(url, { reason: 'it redirects to something that is no http address' });
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw refused(url, { reason: `it redirects from https to plain http (${to.host})` });
  to.username = '';
  to.password = '';
  return to;
}

function login({ credentials }: UpstreamProxy): Record<string, string> {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function refusal(url: string, storage: string | undefined, response: Response): Promise<ModhavenError> {
  const { status } = response;
  const text = redactLine(await beginningOf(response).catch(() => ''), 150);
  if (status === 404) return absent(url, text === '' ? 'the upstream proxy does not have it' : text);
  if (status === 410)
    return new ModhavenError('VERSION_GONE', `gone: ${url}`, {
      reason: text === '' ? 'says the upstream proxy' : text,
    });
  const reason = text === '' ? undefined : text;
  if (storage === undefined) return refused(url, { status, reason });
  const message = `the storage host ${storage} of the upstream proxy answered ${status} for ${url}`;
  return new StorageHostFailure('HOST_REFUSED', message, { reason, remedy: REMEDY });
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

const REMEDY = 'try again later; if it stays so, correct upstream: in modhaven.yaml';

function refused(url: string, why: { status?: number; reason: string | undefined }): ModhavenError {
  const answer = why.status === undefined ? 'gave no usable answer' : `answered ${why.status}`;
  return new ModhavenError('HOST_REFUSED', `the upstream proxy ${answer} for ${url}`, {
    reason: why.reason,
    remedy: REMEDY,
  });
}

function absent(url: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${url}`, { reason });
}

function explain(
  error: unknown,
  { url, storage, timedOut }: { url: string; storage: string | undefined; timedOut: boolean },
): ModhavenError {
  if (error instanceof ModhavenError) return error;
  const fail = (code: 'HOST_TIMEOUT' | 'HOST_UNREACHABLE', message: string, more: ModhavenErrorOptions) =>
    new (storage === undefined ? ModhavenError : StorageHostFailure)(code, message, {
      ...more,
      cause: error,
    });
  const who =
    storage === undefined ? 'the upstream proxy' : `the storage host ${storage} of the upstream proxy`;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (timedOut || (cause as { code?: string }).code === 'UND_ERR_CONNECT_TIMEOUT')
    return fail('HOST_TIMEOUT', `${who} did not answer in time: ${url}`, {
      remedy: 'check the network of the modhaven server, or upstream: in modhaven.yaml',
    });
  return fail('HOST_UNREACHABLE', `cannot reach ${who} for ${url}`, {
    reason: redactLine(errorMessage(cause)),
    remedy: 'check the network of the modhaven server (proxy, DNS, firewall), or upstream: in modhaven.yaml',
  });
}

interface Watchdog {
  signal: AbortSignal;
  /** A byte came: the clock of silence starts again. */
  feed(): void;
  /** Ends the clocks and, if it is still open, the connection. */
  end(): void;
}

function watchdog({ idleTimeoutMs, overallMs }: Timeouts): Watchdog {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const silence = setTimeout(abort, idleTimeoutMs);
  const overall = setTimeout(abort, overallMs);
  return {
    signal: controller.signal,
    feed: () => void silence.refresh(),
    end() {
      clearTimeout(silence);
      clearTimeout(overall);
      abort();
    },
  };
}

async function* watched(
  { body }: Response,
  watch: Watchdog,
  failed: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
      watch.feed();
      yield piece;
    }
  } catch (error) {
    throw failed(error);
  }
}
