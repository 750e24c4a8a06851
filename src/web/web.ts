/** What the routes of the pages share. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isModhavenError } from '../errors.js';
import type { FirstFetches } from '../catalog/first-fetches.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Uses } from '../catalog/uses.js';
import type { Modules } from '../modfetch/repo.js';
import type { TrustProxy } from '../proxy/http/client-address.js';
import { developerText, statusOf } from '../proxy/http/http-errors.js';
import type { VersionStore } from '../store/version-store.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { FetchJobs } from './content/fetch-jobs.js';
import type { ZipFiles } from './content/zip-files.js';
import { ErrorPage } from './pages/message.js';
import type { PageContext } from './pages/layout.js';
import { sendPage, type SendContext } from './send-page.js';
import { visitorOf, type Visitor, type VisitorOptions } from './visitor.js';

export interface WebOptions extends VisitorOptions {
  catalog: Catalog;
  uses: Uses;
  firstFetches: Pick<FirstFetches, 'of'>;
  modules: Modules;
  store: VersionStore;
  vanity: () => VanityMap;
  isPrivate: (path: string) => boolean;
  publicUrl: () => string;
  /** `docs_url:` */
  docsUrl: () => string | undefined;
  /** Of the program. */
  version: string;
  trusts: TrustProxy;
  /** Variables of `go`, and the text that `/-/env` prints. */
  setup: () => {
    variables: readonly (readonly [name: string, value: string])[];
    shell: string;
    hasUpstream: boolean;
  };
}

/** What is made once for all pages. */
export interface Web extends WebOptions {
  jobs: FetchJobs;
  zips: ZipFiles;
  assetsTag: string;
}

/** One request for a page. */
export interface PageRequest extends SendContext {
  web: Web;
  visitor: Visitor;
  context: PageContext;
  query: URLSearchParams;
}

export function pageRequest(web: Web, request: FastifyRequest, reply: FastifyReply): PageRequest {
  const visitor = visitorOf(request.raw, web);
  const { version, assetsTag } = web;
  return {
    web,
    request,
    reply,
    visitor,
    trusts: web.trusts,
    prefix: new URL(web.publicUrl()).pathname.replace(/\/$/, ''),
    context: {
      name: visitor.name,
      canLogIn: visitor.canLogIn,
      publicUrl: web.publicUrl(),
      version,
      assetsTag,
    },
    query: new URLSearchParams(request.raw.url?.split('?', 2)[1] ?? ''),
  };
}

/** A handler whose failures that have words are shown as a page. */
export async function shown(page: PageRequest, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await work();
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    const lines = developerText(error, new URL(page.web.publicUrl()).hostname).trimEnd().split('\n');
    const status = statusOf(error.code);
    return sendPage(page, ErrorPage({ context: page.context, status, lines }), status);
  }
}

/** A number of a query, from 1 on; `otherwise` if the text is not such a number. */
export function pageNumber(text: string | null, otherwise = 1): number {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise;
}

/** A part of a list. */
export interface ListPage<T> {
  items: T[];
  /** From 1. */
  page: number;
  pages: number;
  /** How many items there are on all pages. */
  total: number;
}

/** The page of `size` items that the text of a query asks for: the first where it asks for none, at most the last. */
export function pageOf<T>(all: readonly T[], size: number, asked: string | null): ListPage<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(pages, pageNumber(asked));
  return { items: all.slice((page - 1) * size, page * size), page, pages, total: all.length };
}
