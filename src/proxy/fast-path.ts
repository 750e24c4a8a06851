/**
 * The fast path: what is in memory or stored is answered here, before any router; everything else goes on.
 *
 * Responses are found by the raw URL. Only well-formed requests for finished versions are looked up in the store, so that
 * nothing is decided here that the routes would decide otherwise.
 */
import type { ServerResponse } from 'node:http';
import { isModhavenError } from '../errors.js';
import { isCanonicalVersion } from '../module/version.js';
import type { Part } from '../store/version-store.js';
import { AUTH_PATH, allowRead } from './auth-route.js';
import { clientAddress, type TrustProxy } from './http/client-address.js';
import type { AdmittedListener } from './entrance.js';
import { cacheKey, type AdmittedRequest } from './gate.js';
import type { Observer } from './observer.js';
import { isPlainUrl, parseProxyRequest } from './request.js';
import { requestIdOf } from './http/request-id.js';
import type { RequestTracker, TrackedRequest } from './request-tracker.js';
import type { CachedResponse, ReplySource, ResponseCache } from './response-cache.js';
import { sendResponse } from './http/send-response.js';
import { sentBytes } from './http/sent-bytes.js';
import { SMALL, type StoredResponses } from './stored-responses.js';

export interface FastPathOptions {
  cache: ResponseCache;
  stored: StoredResponses;
  observer: Pick<Required<Observer>, 'replied'>;
  tracker: RequestTracker;
  trusts: TrustProxy;
  /** Called before a response that is found here is sent. */
  annotate?: ((response: ServerResponse, cached: CachedResponse, source: ReplySource) => void) | undefined;
}

/** A listener that answers what it can, and hands the rest to `next`. */
export function createFastPath(options: FastPathOptions, next: AdmittedListener): AdmittedListener {
  const { cache, stored, observer, tracker, trusts, annotate } = options;

  function replyFromMemory(request: AdmittedRequest, response: ServerResponse, cached: CachedResponse): void {
    annotate?.(response, cached, 'memory');
    if (cached.response.size > SMALL) {
      (request as TrackedRequest).cached = cached;
      (request as TrackedRequest).source = 'memory';
      tracker.track(request, response);
      sendResponse(request, response, cached.response, trusts);
      return;
    }
    sendResponse(request, response, cached.response, trusts);
    const { method = 'GET', url = '', admission } = request;
    observer.replied({
      requestId: requestIdOf(request),
      request,
      method,
      url,
      status: response.statusCode,
      ms: 0,
      client: clientAddress(request, trusts),
      principal: admission.principal.name,
      isRestricted: admission.audience !== undefined,
      privateModule: admission.privateModule,
      outcome: cached.outcome,
      source: 'memory',
      bytes: sentBytes(request) ?? 0, // what has no body is not noted
      aborted: false,
      cached,
    });
  }

  async function lookInStore(request: AdmittedRequest, response: ServerResponse, part: Part): Promise<void> {
    const { url = '', admission } = request;
    const askedAt = performance.now();
    // A store that cannot be read is asked again by the routes: they know what to say.
    const found = await stored.find(url, part, admission).catch(() => 'broken' as const);
    if (found === 'broken') return next(request, response);
    if (found === undefined) {
      (request as TrackedRequest).absent = { askedAt, answeredAt: performance.now() };
      return next(request, response);
    }
    (request as TrackedRequest).cached = found;
    (request as TrackedRequest).source = 'store';
    annotate?.(response, found, 'store');
    sendResponse(request, response, found.response, trusts);
  }

  return (request, response) => {
    const { method, url = '', admission } = request;
    const reads = (method === 'GET' || method === 'HEAD') && admission.deferred === undefined;
    if (reads) {
      const unchanging = request.headers['disable-module-fetch'] === 'true';
      const cached = cache.get(cacheKey(url, admission), unchanging);
      if (cached !== undefined) {
        replyFromMemory(request, response, cached);
        return;
      }
    }
    tracker.track(request, response);
    if (reads && url === AUTH_PATH) {
      allowRead(response, admission);
      return;
    }
    const part = reads ? storedPart(request) : undefined;
    return part === undefined ? next(request, response) : lookInStore(request, response, part);
  };
}

/** The file of a version that `request` asks for; undefined for anything else, however it is wrong. Notes what was parsed, for the routes. */
function storedPart(request: TrackedRequest): Part | undefined {
  const { url = '' } = request;
  if (!isPlainUrl(url)) return undefined;
  try {
    const asked = parseProxyRequest(url);
    if (asked === undefined) return undefined;
    request.proxyRequest = asked;
    if (!('version' in asked)) return undefined;
    const { module, version, kind } = asked;
    return isCanonicalVersion(version) ? { module, version, kind } : undefined;
  } catch (error) {
    if (isModhavenError(error)) return undefined;
    throw error;
  }
}
