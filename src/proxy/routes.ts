/**
 * The GOPROXY protocol and the vanity pages over HTTP, as a Fastify plugin.
 *
 * One handler for all paths: a module path is not a pattern that a router could tell from others, and the raw path
 * must be judged before anything decodes it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ModhavenError } from '../errors.js';
import { lookupPage, renderGoImportPage } from '../vanity/go-import-page.js';
import type { RepoRoot } from '../vanity/rule.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { ModuleService } from './module-service.js';
import { CONTENT_TYPES, IMMUTABLE, SHORT, sendBytes, sendZip } from './reply.js';
import { decodePath, parseProxyRequest, type ProxyRequest } from './request.js';
import type { RootFinder } from './root-finder.js';
import type { VersionStore } from './version-store.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log says about the request besides method, status and time. */
    outcome: Outcome | undefined;
  }
}

export interface Outcome {
  module?: string;
  version?: string;
  /** `hit`: git was left alone. */
  cache?: 'hit' | 'fetch';
}

export interface RoutesOptions {
  modules: ModuleService;
  roots: RootFinder;
  store: VersionStore;
  vanity: () => VanityMap;
  /** How clients reach this server, without a trailing slash. */
  publicUrl: () => string;
}

export function proxyRoutes(
  app: FastifyInstance,
  { modules, roots, store, vanity, publicUrl }: RoutesOptions,
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
    const outcome: Outcome = version === undefined ? { module } : { module, version };
    request.outcome = outcome;
    const ask = { onlyCached: request.headers['disable-module-fetch'] === 'true' };
    const served = (hit: boolean) => (outcome.cache = hit ? 'hit' : 'fetch');

    switch (asked.kind) {
      case 'list': {
        const { value, hit } = await modules.list(module, ask);
        served(hit);
        const body = Buffer.from(value.map((line) => `${line}\n`).join(''));
        return sendBytes(request, reply, body, CONTENT_TYPES.list, SHORT);
      }
      case 'latest':
      case 'info': {
        const { value, hit, immutable } = await modules.info(module, version ?? 'latest', ask);
        served(hit);
        return sendBytes(request, reply, value, CONTENT_TYPES.info, immutable ? IMMUTABLE : SHORT);
      }
      case 'mod':
      case 'zip': {
        const part = { module, version: version ?? '', kind: asked.kind } as const;
        served((await modules.ensure(module, part.version, part.kind, ask)).hit);
        if (part.kind === 'zip') return sendZip(request, reply, store, part);
        const body = await store.read(part);
        if (body === undefined)
          throw new ModhavenError('STORAGE', `${module}@${part.version}: .mod vanished`);
        return sendBytes(request, reply, body, CONTENT_TYPES.mod, IMMUTABLE);
      }
    }
  }

  async function page(request: FastifyRequest, reply: FastifyReply, rawPath: string): Promise<FastifyReply> {
    const map = vanity();
    const path = decodePath(rawPath);
    const root = lookupPage(map, request.host, path);
    if (root !== undefined) {
      const html = renderGoImportPage(root.rule.takesRest ? await askHost(root) : root, publicUrl());
      const lifetime = `public, max-age=${map.cacheMaxAge}`;
      return sendBytes(request, reply, Buffer.from(html), 'text/html; charset=utf-8', lifetime);
    }
    if (path === '/')
      return sendBytes(request, reply, Buffer.from(welcome(publicUrl())), 'text/plain; charset=utf-8', SHORT);
    if (path.startsWith('/sumdb/'))
      throw new ModhavenError(
        'MODULE_NOT_FOUND',
        'not found: no checksum database comes through this server',
        {
          remedy: 'go asks the database itself; for private modules set GONOSUMDB as "modhaven env" prints',
        },
      );
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
