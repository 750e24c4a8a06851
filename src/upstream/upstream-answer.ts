/**
 * Asks one upstream proxy for one path, and follows its redirects: some proxies send zips from a storage host.
 *
 * Credentials go to the proxy itself and to no host it names. Addresses of storage hosts hold signatures, so no message
 * shows more of them than the host.
 */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { UpstreamProxy } from '../module/address/goproxy-list.js';
import { ModhavenError, errorMessage, type ModhavenErrorOptions } from '../errors.js';
import { hasCode } from '../fs/file-errors.js';
import { beginningOf, contentOf, isPacked } from '../http/body.js';
import { streamRegular } from '../fs/regular-file.js';
import type { HttpClient } from '../http/client.js';
import { describeHttpError } from '../http/errors.js';
import { PrivateAddressError } from '../http/public-address.js';
import { BadRedirect, followRedirects } from '../http/redirects.js';
import { isIdleTimeout, type HttpResponse } from '../http/request.js';
import { redact, redactLine } from '../redact.js';

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
  /** For the whole answer: a host that sends a byte now and then is not idle. */
  overallMs: number;
}

/** What a host behind a redirect failed to do says nothing about the proxy: a new request gets a new redirect. */
export class StorageHostFailure extends ModhavenError {}

/** Bytes of a refusal that are looked at. */
const MAX_REFUSAL = 2000;

/**
 * `path` is escaped and begins with `/`. Throws MODULE_NOT_FOUND or VERSION_GONE for what the proxy does not have, one
 * of the HOST_ codes if it cannot be asked, and what `consume` throws.
 */
export function askUpstream<T>(
  http: HttpClient,
  proxy: UpstreamProxy,
  path: string,
  timeouts: Timeouts,
  consume: Consume<T>,
): Promise<T> {
  return proxy.url.startsWith('file:')
    ? askFolder(proxy.url, path, consume)
    : askServer(http, proxy, path, timeouts, consume);
}

async function askFolder<T>(folder: string, path: string, consume: Consume<T>): Promise<T> {
  const url = folder + path;
  const file = fileURLToPath(url);
  let length: number;
  try {
    length = (await stat(file)).size;
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw unreadable(url, error);
    // A folder that is not there, as of a disk that is not mounted, says nothing about what it has.
    await stat(fileURLToPath(folder)).catch((missing: unknown) => {
      throw unreadable(folder, missing);
    });
    throw absent(url, 'there is no such file');
  }
  const body = streamRegular(file);
  try {
    return await consume({ body: explained(body, (error) => unreadable(url, error)), length });
  } finally {
    body.destroy();
  }
}

function unreadable(url: string, error: unknown): ModhavenError {
  return new ModhavenError('HOST_UNREACHABLE', `cannot read ${url}`, {
    reason: errorMessage(error),
    remedy: REMEDY,
    remedyBy: 'admin',
    cause: error,
  });
}

async function askServer<T>(
  http: HttpClient,
  proxy: UpstreamProxy,
  path: string,
  { idleTimeoutMs, overallMs }: Timeouts,
  consume: Consume<T>,
): Promise<T> {
  const target = new URL(proxy.url + path);
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(overallMs)]);
  /** What is asked now: a redirect leads to another host. */
  let at = target;
  const failed = (error: unknown) =>
    explain(error, { url: target.href, at, isStorage: at.origin !== target.origin });
  const ask = (url: URL) => {
    at = url;
    // Credentials go to the proxy itself and to no host it names.
    const login = url.origin === target.origin ? (proxy.credentials ?? 'own') : undefined;
    return http.get(url, { signal, idleTimeoutMs, login, isNamed: url.origin === target.origin });
  };
  try {
    const { response } = await followRedirects(target, ask, (to, from) => checkRedirect(to, from)).catch(
      (error: unknown) => {
        throw failed(error);
      },
    );
    const storage = at.origin === target.origin ? undefined : at.host;
    if (response.status !== 200) throw await refusal(target.href, storage, response);
    const length = response.header('content-length');
    return await consume({
      body: explained(contentOf(response), failed),
      length: length === undefined || isPacked(response) ? undefined : Number(length),
    });
  } finally {
    ended.abort(); // and with it the connection, if it is still in use
  }
}

function checkRedirect(to: URL, from: URL): void {
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new BadRedirect(`it redirects from https to plain http (${to.host})`);
  }
}

/** The body of an answer, whose failures are told as those of an upstream. */
async function* explained(
  body: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failed(error);
  }
}

async function refusal(
  url: string,
  storage: string | undefined,
  response: HttpResponse,
): Promise<ModhavenError> {
  const { status } = response;
  const said = await beginningOf(response, MAX_REFUSAL).catch(() => '');
  const text = redactLine(said, 150);
  if (status === 404) return absent(url, text === '' ? 'the upstream proxy does not have it' : text);
  if (status === 410) {
    return new ModhavenError('VERSION_GONE', `gone: ${url}`, {
      reason: text === '' ? 'says the upstream proxy' : text,
    });
  }
  if (status === 403 && storage === undefined) return againstPolicy(url, said);
  const reason = text === '' ? undefined : text;
  if (storage === undefined) return refused(url, { status, reason });
  const message = `the storage host ${storage} of the upstream proxy answered ${status} for ${url}`;
  return new StorageHostFailure('HOST_REFUSED', message, { reason, remedy: REMEDY, remedyBy: 'admin' });
}

const REMEDY = 'try again later; if it stays so, correct upstream: in modhaven.yaml';

const NAME_IT = 'if that is right, name this host under vcs.hosts in modhaven.yaml';

function refused(
  url: string,
  why: { status?: number; reason: string | undefined },
  remedy = REMEDY,
): ModhavenError {
  const answer = why.status === undefined ? 'gave no usable answer' : `answered ${why.status}`;
  return new ModhavenError('HOST_REFUSED', `the upstream proxy ${answer} for ${url}`, {
    reason: why.reason,
    remedy,
    remedyBy: 'admin',
  });
}

/** Proxies that judge what they pass on say so with 403, which the go command shows (Go Modules Reference). */
function againstPolicy(url: string, said: string): ModhavenError {
  const isPage = /^\s*</.test(said);
  const text = redact(said).trim();
  return new ModhavenError('UPSTREAM_POLICY', `refused by the upstream proxy (403): ${url}`, {
    reason: text === '' || isPage ? 'it does not say why' : text,
  });
}

function absent(url: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${url}`, { reason });
}

function explain(error: unknown, context: { url: string; at: URL; isStorage: boolean }): ModhavenError {
  const { url, at, isStorage } = context;
  if (error instanceof ModhavenError) return error;
  if (error instanceof BadRedirect) return refused(url, { reason: error.message });
  if (error instanceof PrivateAddressError) {
    return refused(
      url,
      { reason: `it redirects to an address of an internal network (${at.host})` },
      NAME_IT,
    );
  }
  const fail = (code: 'HOST_TIMEOUT' | 'HOST_UNREACHABLE', message: string, more: ModhavenErrorOptions) =>
    new (isStorage ? StorageHostFailure : ModhavenError)(code, message, { ...more, cause: error });
  const who = isStorage ? `the storage host ${at.host} of the upstream proxy` : 'the upstream proxy';
  if (isIdleTimeout(error) || (error instanceof Error && error.name === 'TimeoutError')) {
    return fail('HOST_TIMEOUT', `${who} did not answer in time: ${url}`, {
      remedy: 'check the network of the modhaven server, or upstream: in modhaven.yaml',
      remedyBy: 'admin',
    });
  }
  return fail('HOST_UNREACHABLE', `cannot reach ${who} for ${url}`, {
    reason: redactLine(describeHttpError(error, at)),
    remedy: 'check the network of the modhaven server (proxy, DNS, firewall), or upstream: in modhaven.yaml',
    remedyBy: 'admin',
  });
}
