/**
 * Hands requests on to the main process over its unix socket, and its answers back, both as they come.
 *
 * Whom a request comes from is decided here, where its connection is: the main process believes what the headers say,
 * so those of strangers are removed.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ModhavenError, errorMessage } from '../errors.js';
import type { ResponseCache } from '../proxy/response-cache.js';
import { clientAddress, type TrustProxy } from '../proxy/client-address.js';
import { FRESHNESS_HEADER, decodeFreshness } from '../proxy/freshness.js';
import { failureReply } from '../proxy/http-errors.js';
import { prepareText } from '../proxy/responses.js';
import { isPlainUrl } from '../proxy/request.js';
import { sendResponse } from '../proxy/send-response.js';

export interface ForwardOptions {
  /** The unix socket of the main process. */
  socket: string;
  memory: ResponseCache;
  trusts: TrustProxy;
}

/** Of one connection only (RFC 9110, 7.6.1), or settled with the client already. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** What a proxy in front says: from strangers it does not count. */
const OF_PROXY = new Set(['x-forwarded-host', 'x-forwarded-proto', 'x-sendfile-type']);
/** Requests with a body: webhooks. That of any other is nobody's. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

export function createForwarder({ socket, memory, trusts }: ForwardOptions): RequestListener {
  const agent = new Agent({ keepAlive: true });

  function headersFor(request: IncomingMessage, hasBody: boolean): string[] {
    const isTrusted = trusts(request.socket.remoteAddress);
    const client = clientAddress(request, trusts);
    const headers = pairs(request.rawHeaders).filter(([name]) => {
      const lower = name.toLowerCase();
      if (OF_CONNECTION.has(lower) || lower === 'x-forwarded-for') return false;
      return (isTrusted || !OF_PROXY.has(lower)) && (hasBody || lower !== 'content-length');
    });
    if (client !== undefined) headers.push(['X-Forwarded-For', client]);
    return headers.flat();
  }

  async function passBack(
    request: IncomingMessage,
    response: ServerResponse,
    answer: IncomingMessage,
    since: number,
  ): Promise<void> {
    const { statusCode = 502, headers } = answer;
    const freshness = headers[FRESHNESS_HEADER];
    const size = Number(headers['content-length']);
    const { method, url = '' } = request;
    if (freshness !== undefined && statusCode === 200 && method === 'GET' && size <= memory.largest()) {
      const { asOf, outcome } = decodeFreshness(String(freshness));
      const { 'content-type': type = '', 'cache-control': lifetime = '' } = headers;
      const kept = prepareText(await buffer(answer), type, lifetime);
      if (isPlainUrl(url)) memory.keep(url, { response: kept, outcome }, { asOf, since });
      sendResponse(request, response, kept, trusts);
      return;
    }
    const told = pairs(answer.rawHeaders).filter(([name]) => {
      const lower = name.toLowerCase();
      return !OF_CONNECTION.has(lower) && lower !== FRESHNESS_HEADER;
    });
    response.writeHead(statusCode, told.flat());
    // A body that breaks off breaks the connection, so that the client sees that it is not whole.
    pipeline(answer, response, () => undefined);
  }

  return (request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    const hasBody = WITH_BODY.has(method);
    const since = memory.moment();
    const headers = headersFor(request, hasBody);
    const onward: ClientRequest = httpRequest({ socketPath: socket, agent, method, path, headers });
    const fail = (error: unknown): void => refuse(response, error);
    onward.on('error', fail);
    onward.on('response', (answer) => {
      passBack(request, response, answer, since).catch(fail);
    });
    // Nobody waits for the answer any more.
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy();
    });
    if (hasBody) pipeline(request, onward, () => undefined);
    else onward.end();
  };
}

/** Says that the main process cannot be asked; too late for words, the connection is broken off. */
export function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, headers, body } = failureReply(
    new ModhavenError('OVERLOADED', 'modhaven cannot answer now: its main process does not', {
      reason: errorMessage(error),
      remedy: 'try again in a moment; if it stays so, restart modhaven',
    }),
  );
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}
