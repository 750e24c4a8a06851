/**
 * The GOPROXY protocol and the vanity pages over HTTP, as a Fastify plugin.
 *
 * One handler for all paths: a module path is not a pattern that a router could tell from others, and the raw path
 * must be judged before anything decodes it.
 */
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { onBehalfOf } from '../concurrency/on-behalf-of.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkCanonical } from '../modfetch/stored-versions.js';
import type { Fetched, FetchOptions, Modules, ModuleZip } from '../modfetch/repo.js';
import type { ModulePath } from '../module/module-path.js';
import { formatVersionList } from '../module/version-list.js';
import { wantsHtml } from './http/accepts.js';
import type { TrustProxy } from './http/client-address.js';
import type { ClientQueue } from './client-queue.js';
import { admissionOf, cacheControlFor, cacheKey } from './gate.js';
import { FRESHNESS_HEADER, OUTCOME_HEADER, encodeOutcome } from './internal-headers.js';
import { findPage, type VanityPageOptions } from './vanity-page.js';
import { isPlainUrl, isVersionPage, parseProxyRequest, type ProxyRequest } from './request.js';
import { requestIdOf } from './http/request-id.js';
import type { TrackedRequest } from './request-tracker.js';
import type { Outcome, ResponseCache } from './response-cache.js';
import type { StoredResponses } from './stored-responses.js';
import { CONTENT_TYPES } from '../store/version-store.js';
import { IMMUTABLE, SHORT, prepareText, prepareZip, staleHeaders } from './http/responses.js';
import type { PreparedResponse } from './http/responses.js';
import { sendResponse } from './http/send-response.js';
import { sendZipStream } from './http/send-zip-stream.js';

/** A request that took longer from the fast path to here asks the store again, in milliseconds. */
const JUST_NOW_MS = 100;

export interface RoutesOptions extends VanityPageOptions {
  modules: Modules;
  /** What is stored, read once for all requests of the same moment. */
  stored: Pick<StoredResponses, 'find'>;
  /** Keeps what may change for later requests. */
  cache: ResponseCache;
  /** Whose headers about a client count. */
  trusts: TrustProxy;
  /** Bounds what waits for each client. */
  clients: ClientQueue;
  /** Shows a page for people at a raw path. Absent: there are none. */
  pageForPeople?:
    ((request: FastifyRequest, reply: FastifyReply, rawPath: string) => Promise<FastifyReply>) | undefined;
  /** Whether requests come from workers of ours, which keep responses, too, and log. Default: no. */
  isBehindWorkers?: boolean;
}

export function proxyRoutes(app: FastifyInstance, options: RoutesOptions): void {
  const routes = new Routes(options);
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    routes.handle(request, reply);
  app.route({ method: ['GET', 'HEAD'], url: '/*', exposeHeadRoute: false, handler });
  app.route({ method: ['GET', 'HEAD'], url: '/', exposeHeadRoute: false, handler });
}

/**
 * Notes what the log says about a request; behind workers it is told to the worker, which logs it.
 * Must come before the headers are sent.
 */
export function noteOutcome(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Outcome,
  isBehindWorkers: boolean,
): void {
  (request.raw as TrackedRequest).outcome = outcome;
  if (isBehindWorkers) reply.raw.setHeader(OUTCOME_HEADER, encodeOutcome(outcome));
}

/** One request for something of a module. */
interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  fetch: FetchOptions;
  /** Without `cache`, which is not known yet. */
  outcome: Outcome;
}

class Routes {
  private readonly options: RoutesOptions;

  constructor(options: RoutesOptions) {
    this.options = options;
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // A client that takes us for its web proxy writes the whole URL.
    const url = (request.raw.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '');
    const [rawPath = '/', query = ''] = url.split('?', 2);
    const isPage = new URLSearchParams(query).get('go-get') === '1';
    const isForPeople = !isPage && this.options.pageForPeople !== undefined && wantsHtml(request.headers);
    const { proxyRequest } = request.raw as TrackedRequest;
    const isOther = isPage || (isForPeople && isVersionPage(rawPath));
    const asked = isOther ? undefined : (proxyRequest ?? parseProxyRequest(rawPath));
    if (asked !== undefined) {
      return this.options.clients.run(request.raw, () => this.module(request, reply, asked));
    }
    const { pageForPeople } = this.options;
    if (pageForPeople !== undefined && isForPeople) {
      return this.options.clients.run(request.raw, () => pageForPeople(request, reply, rawPath));
    }
    const { text, type, cacheControl } = await onBehalfOf({ requestId: requestIdOf(request.raw) }, () =>
      findPage(this.options, request.host, rawPath),
    );
    // Another page of the same address is for browsers.
    const vary = isPage ? [] : ['vary', 'Accept'];
    return this.send(
      request,
      reply,
      prepareText(Buffer.from(text), type, lifetime(request, cacheControl), vary),
    );
  }

  private async module(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: ProxyRequest,
  ): Promise<FastifyReply> {
    const { modules } = this.options;
    const { module } = asked;
    const onlyCached = request.headers['disable-module-fetch'] === 'true';
    const fetch = { onlyCached, absentSince: absentSince(request.raw) };
    const outcome = 'version' in asked ? { module, version: asked.version } : { module };
    const exchange = { request, reply, fetch, outcome };
    this.note(exchange);
    switch (asked.kind) {
      case 'list': {
        const list = () => modules.list(module, fetch);
        return this.text(exchange, CONTENT_TYPES.list, list, formatVersionList);
      }
      case 'latest':
      case 'info': {
        const query = 'version' in asked ? asked.version : 'latest';
        const info = () => modules.info(module, query, fetch);
        return this.text(exchange, CONTENT_TYPES.info, info, (bytes) => bytes);
      }
      case 'mod': {
        const mod = () => modules.mod(module, asked.version, fetch);
        return this.text(exchange, CONTENT_TYPES.mod, mod, (bytes) => bytes);
      }
      case 'zip':
        return this.zip(exchange, module, asked.version);
    }
  }

  /** Sends a zip while it comes in, if that is possible and a part of it would not do; else once it is stored. */
  private async zip(exchange: Exchange, module: ModulePath, version: string): Promise<FastifyReply> {
    const { request, reply, fetch } = exchange;
    checkCanonical(module, version);
    const found = await this.options.modules.zip(module, version, fetch);
    this.note(exchange, found);
    const cacheControl = lifetime(request, IMMUTABLE);
    const mayFollow = request.method === 'GET' && request.headers.range === undefined;
    const stream = mayFollow ? await found.follow?.() : undefined;
    if (stream !== undefined) return sendZipStream(reply, stream, cacheControl);
    const { hash, open } = await found.stored();
    const zip = { module, version, kind: 'zip' } as const;
    // Those that waited for it together share what is read of it.
    const { url = '' } = request.raw;
    const shared = await this.options.stored.find(url, zip, admissionOf(request.raw));
    const response = shared?.response ?? prepareZip(zip, await open(), hash, cacheControl);
    return this.send(request, reply, response);
  }

  /** Sends what the module source says, and keeps it as long as it holds. */
  private async text<T>(
    exchange: Exchange,
    type: string,
    make: () => Promise<Fetched<T>>,
    textOf: (value: T) => Buffer,
  ): Promise<FastifyReply> {
    const { cache, isBehindWorkers = false } = this.options;
    const { request, reply, fetch } = exchange;
    const since = cache.moment();
    const askedAt = monotonicNow();
    const found = await make();
    const { value, immutable, fetchedAt: asOf = askedAt, stale = false } = found;
    this.note(exchange, found);
    const cacheControl = lifetime(request, immutable ? IMMUTABLE : SHORT);
    const warnings = stale ? staleHeaders(asOf) : [];
    const response = prepareText(textOf(value), type, cacheControl, warnings);
    // What never changes is in the store, where the fast path finds it.
    if (immutable || stale || fetch.onlyCached) return this.send(request, reply, response);
    const url = request.raw.url ?? '';
    const outcome: Outcome = { ...exchange.outcome, cache: 'hit' };
    if (isPlainUrl(url)) {
      cache.keep(cacheKey(url, admissionOf(request.raw)), { response, outcome }, { asOf, since });
    }
    if (isBehindWorkers) reply.raw.setHeader(FRESHNESS_HEADER, String(asOf));
    return this.send(request, reply, response);
  }

  private note({ request, reply, outcome }: Exchange, found?: Pick<ModuleZip, 'fromCache' | 'source'>): void {
    const cache = found?.fromCache === true ? 'hit' : 'fetch';
    const source = cache === 'hit' ? 'store' : found?.source;
    const noted: Outcome = found === undefined ? outcome : { ...outcome, cache, source };
    noteOutcome(request, reply, noted, this.options.isBehindWorkers ?? false);
  }

  private send(request: FastifyRequest, reply: FastifyReply, response: PreparedResponse): FastifyReply {
    sendResponse(request.raw, reply.raw, response, this.options.trusts);
    return reply.hijack();
  }
}

/** Since when the store is known not to have what is asked for, where the fast path has found that just now. */
function absentSince({ absent }: TrackedRequest): number | undefined {
  const isJustNow = absent !== undefined && performance.now() - absent.answeredAt < JUST_NOW_MS;
  return isJustNow ? absent.askedAt : undefined;
}

function lifetime(request: FastifyRequest, cacheControl: string): string {
  return cacheControlFor(cacheControl, admissionOf(request.raw));
}
