/**
 * Hands requests on to the main process over its unix socket, and its responses back, both as they come.
 *
 * What the main process believes about a request is decided here, where its connection is: who it comes from, what the gate
 * said, and whose headers count. Those of untrusted peers are removed.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ModhavenError, errorMessage } from '../errors.js';
import { outgoingTrace } from '../observe/observe.js';
import { clientAddress, type TrustProxy } from '../proxy/http/client-address.js';
import { sendFailure, type AdmittedListener } from '../proxy/entrance.js';
import { cacheKey, encodeAdmission, type AdmittedRequest } from '../proxy/gate.js';
import { cameThroughUntrusted } from '../proxy/access/admin-address.js';
import { decodeRefusal } from '../proxy/access/decisions.js';
import { failureReply } from '../proxy/http/http-errors.js';
import {
  ADMISSION_HEADER,
  FRESHNESS_HEADER,
  INTERNAL_PREFIX,
  OUTCOME_HEADER,
  UNTRUSTED_HEADER,
  DECISION_HEADER,
  decodeFreshness,
  decodeOutcome,
  readFields,
} from '../proxy/internal-headers.js';
import { isPlainUrl } from '../proxy/request.js';
import { REQUEST_ID_HEADER, requestIdOf } from '../proxy/http/request-id.js';
import type { TrackedRequest } from '../proxy/request-tracker.js';
import type { ResponseCache } from '../proxy/response-cache.js';
import { noteSentBytes } from '../proxy/http/sent-bytes.js';
import { prepareText } from '../proxy/http/responses.js';
import { STALLED_MS, sendResponse } from '../proxy/http/send-response.js';

export interface ForwardOptions {
  /** The unix socket of the main process. */
  socket: string;
  cache: ResponseCache;
  trusts: TrustProxy;
  /**
   * Told what the main process decided about a request that was deferred to it, and the `Authorization` of that request;
   * see `KnownPrivacy.learn` and `KnownGrants.learn`.
   */
  onDecision?: ((decision: string, authorization: string | undefined) => void) | undefined;
  /** How long the main process may send nothing before it answers, no heartbeat either, in milliseconds. Default: 10 s. */
  idleTimeoutMs?: number;
}

/** Several intervals of the heartbeat of the main process (`proxy/http/heartbeat.ts`). */
const IDLE_TIMEOUT_MS = 10_000;

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
/** What a proxy in front says: from an untrusted peer it does not count. */
const OF_PROXY = new Set([
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-sendfile-type',
  'x-original-uri',
  'x-original-method',
]);
/** What the worker says itself in place of the client or a proxy. */
const REPLACED = new Set(['x-forwarded-for', REQUEST_ID_HEADER]);
/** Requests with a body: webhooks. That of any other is not read. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

export function createForwarder(options: ForwardOptions): AdmittedListener {
  const forwarder = new Forwarder(options);
  return (request, response) => forwarder.forward(request, response);
}

class Forwarder {
  private readonly options: ForwardOptions;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(options: ForwardOptions) {
    this.options = options;
  }

  /** Resolves when the response is on its way, or the client has left. */
  async forward(request: AdmittedRequest, response: ServerResponse): Promise<void> {
    const since = this.options.cache.moment();
    try {
      const reply = await this.ask(request, response);
      await this.passBack(request, response, reply, since);
    } catch (error) {
      refuse(request, response, error);
    }
  }

  /** The head of the main process's reply. */
  private ask(request: AdmittedRequest, response: ServerResponse): Promise<IncomingMessage> {
    const { socket, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.options;
    const { method = 'GET', url: path = '/' } = request;
    const hasBody = WITH_BODY.has(method);
    const headers = this.headersFor(request, hasBody);
    return new Promise((resolve, reject) => {
      const onward: ClientRequest = httpRequest({
        socketPath: socket,
        agent: this.agent,
        method,
        path,
        headers,
      });
      onward.on('error', reject);
      onward.on('response', (reply) => {
        onward.setTimeout(STALLED_MS); // a slow client may keep it waiting
        resolve(reply);
      });
      onward.setTimeout(idleTimeoutMs);
      onward.on('timeout', () => {
        onward.destroy(new Error(`it said nothing for ${Math.round(idleTimeoutMs / 1000)} s`));
      });
      // The client waits no longer.
      response.on('close', () => {
        if (!response.writableFinished) onward.destroy();
      });
      if (hasBody) pipeline(request, onward, () => undefined);
      else onward.end();
    });
  }

  private headersFor(request: AdmittedRequest, hasBody: boolean): string[] {
    const { trusts } = this.options;
    const isTrusted = trusts(request.socket.remoteAddress);
    const client = clientAddress(request, trusts);
    const headers = pairs(request.rawHeaders).filter(([name]) => {
      const lower = name.toLowerCase();
      if (OF_CONNECTION.has(lower) || REPLACED.has(lower)) return false;
      if (lower.startsWith(INTERNAL_PREFIX)) return false;
      return (isTrusted || !OF_PROXY.has(lower)) && (hasBody || lower !== 'content-length');
    });
    if (client !== undefined) headers.push(['X-Forwarded-For', client]);
    // HTTP/1.0 has none, and the main process is asked by HTTP/1.1.
    if (request.headers.host === undefined) headers.push(['Host', '']);
    if (cameThroughUntrusted(request, trusts)) headers.push([UNTRUSTED_HEADER, 'yes']);
    headers.push([REQUEST_ID_HEADER, requestIdOf(request)]);
    headers.push([ADMISSION_HEADER, encodeAdmission(request.admission)]);
    return withTrace(headers).flat();
  }

  /** What the main process decided about a deferred request: for the log, and for the next request. */
  private decided(request: AdmittedRequest, decision: string): void {
    const { name = 'anyone', audience, path, privacy } = readFields(decision);
    const refusal = decodeRefusal(decision);
    if (refusal !== undefined) (request as TrackedRequest).refusal = refusal;
    request.admission = {
      ...request.admission,
      principal: { name },
      audience,
      ...(privacy === 'private' && path !== undefined && { privateModule: path }),
    };
    this.options.onDecision?.(decision, request.headers.authorization);
  }

  private async passBack(
    request: AdmittedRequest,
    response: ServerResponse,
    reply: IncomingMessage,
    since: number,
  ): Promise<void> {
    const { statusCode = 502, headers } = reply;
    const outcome = decodeOutcome(String(headers[OUTCOME_HEADER]));
    (request as TrackedRequest).outcome = outcome;
    const { cache, trusts } = this.options;
    const asOf = decodeFreshness(String(headers[FRESHNESS_HEADER] ?? ''));
    const { method, url = '' } = request;
    const isSmall =
      Number(headers['content-length']) <= cache.largest() && request.admission.deferred === undefined;
    const decision = headers[DECISION_HEADER];
    if (typeof decision === 'string') this.decided(request, decision);
    if (asOf !== undefined && statusCode === 200 && method === 'GET' && isSmall) {
      const { 'content-type': type = '', 'cache-control': cacheControl = '' } = headers;
      const kept = prepareText(await buffer(reply), type, cacheControl);
      const cached = { response: kept, outcome: { ...outcome, cache: 'hit' as const } };
      if (isPlainUrl(url)) cache.keep(cacheKey(url, request.admission), cached, { asOf, since });
      sendResponse(request, response, kept, trusts);
      return;
    }
    const passed = pairs(reply.rawHeaders).filter(([name]) => {
      const lower = name.toLowerCase();
      return !OF_CONNECTION.has(lower) && !lower.startsWith(INTERNAL_PREFIX);
    });
    if (headers.connection === 'close' && statusCode >= 400) passed.push(['Connection', 'close']);
    if (headers['content-length'] !== undefined) noteSentBytes(response, Number(headers['content-length']));
    response.writeHead(statusCode, passed.flat());
    // A body that breaks off breaks the connection, so that the client sees that it is not whole.
    pipeline(reply, response, () => undefined);
  }
}

/** In place of the span that a client named, the one that it led to here. */
function withTrace(headers: [string, string][]): [string, string][] {
  const trace = outgoingTrace();
  if (trace === undefined) return headers;
  return [...headers.filter(([name]) => !(name.toLowerCase() in trace)), ...Object.entries(trace)];
}

/** Says that the main process cannot be asked; too late for words, the connection is broken off. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const failure = new ModhavenError('OVERLOADED', 'modhaven cannot answer now: its main process does not', {
    reason: errorMessage(error),
    remedy: 'try again in a moment; if it stays so, tell the admin of the Go proxy',
  });
  sendFailure(request, response, failureReply(failure));
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}
