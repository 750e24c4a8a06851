/** One request over http or https, on a connection that is kept for the next one. Redirects are an answer like any other. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type * as Dispatchers from './dispatchers.js';
import { checkLiteralAddress } from './public-address.js';

export interface HttpRequest {
  /** Without credentials. */
  url: URL;
  /** A GET if absent. */
  body?: string | undefined;
  headers: Readonly<Record<string, string>>;
  /** Ends it, whatever it is doing. */
  signal: AbortSignal;
  /** Milliseconds for each pause in the answer, also before its first byte; 0 where only `signal` bounds them. */
  idleTimeoutMs: number;
  connection: Dispatchers.ConnectionOptions;
}

export interface HttpResponse {
  status: number;
  /** By name in lower case; several values of one name are joined by a comma. */
  header(name: string): string | undefined;
  /** Must be read to its end or destroyed. */
  body: AsyncIterable<Buffer> & { destroy(error?: Error): unknown };
}

/** The host said nothing for the time it had. */
export class IdleTimeout extends Error {
  constructor(cause?: unknown) {
    super('the host is silent', { cause });
    this.name = 'IdleTimeout';
  }
}

/**
 * Sends the request and waits for the head of its answer, whatever its status. Throws `IdleTimeout` (reading the body may
 * throw it as well), `PrivateAddressError`, the reason of `signal`, and what Node and undici say of connections.
 */
export async function sendRequest(request: HttpRequest): Promise<HttpResponse> {
  const { connection } = request;
  if (connection.publicOnly) checkLiteralAddress(request.url);
  const kept = await keptConnections();
  const dispatcher = kept.dispatcherFor(connection);
  for (;;) {
    // undici takes a connection for free one turn after its last answer was read, and would make another until then.
    await nextTurn();
    try {
      return await attempt(request, dispatcher);
    } catch (error) {
      // Each round uses up a kept connection, and a new one is never stale. No request of ours changes anything.
      if (!isClosed(error) || !kept.isOfKeptConnection(error) || request.signal.aborted) throw error;
    }
  }
}

/** Loaded with the first request: undici takes 9 MB, which a server whose hosts speak ssh never needs. */
function keptConnections(): Promise<typeof Dispatchers> {
  return import('./dispatchers.js');
}

async function attempt(request: HttpRequest, dispatcher: Dispatcher): Promise<HttpResponse> {
  const { url, body, headers, signal, idleTimeoutMs } = request;
  try {
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: body === undefined ? 'GET' : 'POST',
      body: body ?? null,
      headers: { ...headers },
      signal,
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
    });
    return {
      status: answer.statusCode,
      header: (name) => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      },
      body: answer.body as HttpResponse['body'],
    };
  } catch (error) {
    throw isIdleTimeout(error) ? new IdleTimeout(error) : error;
  }
}

/** Whether a host was silent for too long; the body of an answer fails with such an error as it is. */
export function isIdleTimeout(error: unknown): boolean {
  return error instanceof IdleTimeout || TIMEOUTS.has(codeOf(error) ?? '');
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Whether the other side had closed the connection. */
function isClosed(error: unknown): boolean {
  return CLOSED.has(codeOf(error) ?? '');
}

const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** The code of an error of Node or undici. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
