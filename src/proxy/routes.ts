/**
 * The GOPROXY protocol and the vanity pages over HTTP, as a Fastify plugin.
 *
 * One handler for all paths: a module path is not a pattern that a router could tell from others, and the raw path
 * must be judged before anything decodes it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { ModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { formatVersionList } from '../module/version-list.js';
import { lookupPage, renderGoImportPage } from '../vanity/go-import-page.js';
import type { RepoRoot } from '../vanity/rule.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { ResponseCache, Outcome } from './response-cache.js';
import type { TrustProxy } from './client-address.js';
import type { Fetched, FetchOptions, Modules } from '../modfetch/repo.js';
import { CONTENT_TYPES, IMMUTABLE, SHORT, prepareText, prepareZip, staleHeaders } from './responses.js';
import type { PreparedResponse } from './responses.js';
import { FRESHNESS_HEADER, encodeFreshness } from './freshness.js';
import { decodePath, isPlainUrl, parseProxyRequest, type ProxyRequest } from './request.js';
import type { RepoRoots } from '../modfetch/repo-root.js';
import { sendResponse } from './send-response.js';
import { sendZipStream } from './send-zip-stream.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log says about the request besides method, status and time. */
    outcome: Outcome | undefined;
  }
}

export interface RoutesOptions {
  modules: Modules;
  roots: RepoRoots;
  /** Keeps what may change for those who ask next. */
  memory: ResponseCache;
  /** Whose headers about a client count. */
  trusts: TrustProxy;
  vanity: () => VanityMap;
  /** Whether who asks is a worker of ours and keeps answers, too. Default: no. */
  announceFreshness?: boolean;
  /** How clients reach this server, without a trailing slash. */
  publicUrl: () => string;
}

export function proxyRoutes(
  app: FastifyInstance,
  { modules, roots, memory, trusts, vanity, announceFreshness = false, publicUrl }: RoutesOptions,
): void {
  app.decorateRequest('outcome', undefined);
  app.route({ method: ['GET', 'HEAD'], url: '/*', exposeHeadRoute: false, handler });
  app.route({ method: ['GET', 'HEAD'], url: '/', exposeHeadRoute: false, handler });

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // A client that takes us for its web proxy writes the whole URL.
    const url = (request.raw.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '');
    const [rawPath = '/', query = ''] = url.split('?', 2);
    if (new URLSearchParams(query).get('go-get') === '1') return page(request, reply, rawPath);
    const asked = parseProxyRequest(rawPath);
    return asked === undefined ? page(request, reply, rawPath) : answer(request, reply, asked);
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: ProxyRequest,
  ): Promise<FastifyReply> {
    const { module } = asked;
    const version = 'version' in asked ? asked.version : undefined;
    request.outcome = version === undefined ? { module } : { module, version };
    const ask = { onlyCached: request.headers['disable-module-fetch'] === 'true' };

    switch (asked.kind) {
      case 'list': {
        const make = () => modules.list(module, ask);
        return text(request, reply, CONTENT_TYPES.list, ask, make, formatVersionList);
      }
      case 'latest':
      case 'info': {
        const make = () => modules.info(module, version ?? 'latest', ask);
        return text(request, reply, CONTENT_TYPES.info, ask, make, (info) => info);
      }
      case 'mod': {
        const make = () => modules.mod(module, asked.version, ask);
        return text(request, reply, CONTENT_TYPES.mod, ask, make, (mod) => mod);
      }
      case 'zip':
        return zip(request, reply, asked, ask);
    }
  }

  /** Sends a zip while it comes in, if that is possible and a part of it would not do; else once it is stored. */
  async function zip(
    request: FastifyRequest,
    reply: FastifyReply,
    { module, version }: { module: ModulePath; version: string },
    ask: FetchOptions,
  ): Promise<FastifyReply> {
    const found = await modules.zip(module, version, ask);
    request.outcome = { ...request.outcome, cache: found.fromCache ? 'hit' : 'fetch' };
    const mayFollow = request.method === 'GET' && request.headers.range === undefined;
    const stream = mayFollow ? await found.follow?.() : undefined;
    if (stream !== undefined) return sendZipStream(reply, stream);
    const { hash, open } = await found.stored();
    return send(request, reply, prepareZip({ module, version, kind: 'zip' }, await open(), hash));
  }

  /** Sends what the service says, and keeps it as long as it holds. */
  async function text<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    type: string,
    { onlyCached }: FetchOptions,
    make: () => Promise<Fetched<T>>,
    textOf: (value: T) => Buffer,
  ): Promise<FastifyReply> {
    const since = memory.moment();
    const askedAt = monotonicNow();
    const { value, fromCache, immutable, fetchedAt: asOf = askedAt, stale = false } = await make();
    request.outcome = { ...request.outcome, cache: fromCache ? 'hit' : 'fetch' };
    const warnings = stale ? staleHeaders(asOf) : [];
    const body = textOf(value);
    // What never changes is on the disk, where the short way finds it.
    if (immutable || stale || onlyCached)
      return send(request, reply, prepareText(body, type, immutable ? IMMUTABLE : SHORT, warnings));
    const outcome: Outcome = { ...request.outcome, cache: 'hit' };
    const announced = announceFreshness ? [FRESHNESS_HEADER, encodeFreshness({ asOf, outcome })] : [];
    const answer = prepareText(body, type, SHORT, announced);
    const url = request.raw.url ?? '';
    if (isPlainUrl(url)) memory.keep(url, { response: answer, outcome }, { asOf, since });
    return send(request, reply, answer);
  }

  function send(request: FastifyRequest, reply: FastifyReply, answer: PreparedResponse): FastifyReply {
    void reply.hijack();
    sendResponse(request.raw, reply.raw, answer, trusts);
    return reply;
  }

  async function page(request: FastifyRequest, reply: FastifyReply, rawPath: string): Promise<FastifyReply> {
    const map = vanity();
    const path = decodePath(rawPath);
    const root = lookupPage(map, request.host, path);
    if (root !== undefined) {
      const html = renderGoImportPage(root.rule.takesRest ? await askHost(root) : root, publicUrl());
      const lifetime = `public, max-age=${map.cacheMaxAge}`;
      return send(request, reply, prepareText(Buffer.from(html), 'text/html; charset=utf-8', lifetime));
    }
    if (path === '/')
      return send(request, reply, prepareText(Buffer.from(welcome(publicUrl())), CONTENT_TYPES.list, SHORT));
    throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${request.host.replace(/:\d*$/, '')}${path}`, {
      reason: 'no rule in vanity.yaml covers this path for this host',
      remedy: `as a GOPROXY use ${publicUrl()}; pages of a vanity host need its name in the Host header`,
    });
  }

  /** The root that the git host confirms, under the host name that the page was asked for. */
  async function askHost(root: RepoRoot): Promise<RepoRoot> {
    const [asked = '', ...elements] = root.root.split('/');
    const [host = ''] = root.rule.elements;
    const found = await roots.find([host, ...elements].join('/'));
    return { ...found, root: asked + found.root.slice(host.length) };
  }
}

function welcome(publicUrl: string): string {
  return `modhaven: a Go module proxy. Use it with GOPROXY=${publicUrl}\n`;
}
