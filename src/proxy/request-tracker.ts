/**
 * Requests from the moment they are more than a look into memory until their response has ended: counted, so that a
 * server can end when the last one has, and told to the observer once, however they end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientAddress, type TrustProxy } from './http/client-address.js';
import type { AdmittedRequest, Refusal } from './gate.js';
import type { ReplyEvent, Observer } from './observer.js';
import { sentBytes } from './http/sent-bytes.js';
import type { ProxyRequest } from './request.js';
import { requestIdOf } from './http/request-id.js';
import type { CachedResponse, Outcome, ReplySource } from './response-cache.js';

/** A request with what is known about its reply so far. */
export interface TrackedRequest extends IncomingMessage {
  /** `performance.now()` when it was first tracked. */
  startedAt?: number;
  outcome?: Outcome | undefined;
  cached?: CachedResponse;
  source?: ReplySource;
  /** What its URL asks for, where the fast path has parsed it. */
  proxyRequest?: ProxyRequest;
  /** When the store was asked for the part of this request and did not have it: from when to when, in `performance.now()`. */
  absent?: { askedAt: number; answeredAt: number };
  /** What the gate refused it with. */
  refusal?: Pick<Refusal, 'reason' | 'principal' | 'privateModule'>;
}

/** The status of a request whose client left before it was answered; the number is that of nginx. */
const CLIENT_LEFT = 499;

export class RequestTracker {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  private readonly observer: Pick<Required<Observer>, 'replied'>;
  private readonly trusts: TrustProxy;

  constructor(observer: Pick<Required<Observer>, 'replied'>, trusts: TrustProxy) {
    this.observer = observer;
    this.trusts = trusts;
  }

  /** Follows a request to its end. The response must have its connection. Does nothing the second time. */
  track(request: TrackedRequest, response: ServerResponse): void {
    if (request.startedAt !== undefined) return;
    request.startedAt = performance.now();
    this.running += 1;
    const end = (): void => {
      this.running -= 1;
      this.observer.replied(this.eventOf(request, response));
      if (this.running === 0) for (const done of this.waiting) done();
    };
    if (response.closed) end();
    else response.once('close', end);
  }

  /** Tells of a request that was never looked at, because its client left while others of its connection were. */
  abandoned(request: IncomingMessage, response: ServerResponse): void {
    this.observer.replied(this.eventOf(request, response));
  }

  /** Resolves when no request is running. */
  async idle(): Promise<void> {
    if (this.running === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.waiting.delete(done);
        resolve();
      };
      this.waiting.add(done);
    });
  }

  private eventOf(request: TrackedRequest, response: ServerResponse): ReplyEvent {
    const { method = 'GET', url = '/', startedAt, cached, refusal } = request;
    const { admission } = request as Partial<AdmittedRequest>;
    return {
      requestId: requestIdOf(request),
      request,
      method,
      url,
      status: response.headersSent ? response.statusCode : CLIENT_LEFT,
      ms: startedAt === undefined ? 0 : performance.now() - startedAt,
      client: clientAddress(request, this.trusts),
      principal: refusal?.principal?.name ?? admission?.principal.name,
      isRestricted: admission?.audience !== undefined,
      privateModule: refusal?.privateModule ?? admission?.privateModule,
      refusal: refusal?.reason,
      outcome: request.outcome ?? cached?.outcome,
      source: request.source ?? request.outcome?.source,
      bytes: sentBytes(request),
      aborted: !response.writableFinished,
      cached,
    };
  }
}
