/** The page of a module or of one of its versions, at its import path. */
import type { FastifyReply } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { ModhavenError, isModhavenError, isNotExist } from '../errors.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import { requestHost } from '../proxy/http/client-address.js';
import { developerText } from '../proxy/http/http-errors.js';
import { decodePath } from '../proxy/request.js';
import { pageSubject } from '../vanity/page-subject.js';
import type { FetchedVersion } from './content/fetch-jobs.js';
import { isLicenceFile, licenceName } from './content/licence.js';
import { docsHref, fileHref, moduleHref } from './content/links.js';
import {
  moduleView,
  versionRows,
  type Fetches,
  type ModuleView,
  type VersionRow,
} from './content/module-view.js';
import { FetchingPage } from './pages/message.js';
import { ModulePage, TABS, type ModuleFacts, type Tab } from './pages/module.js';
import { tabContent } from './module-tabs.js';
import { sendPage } from './send-page.js';
import type { PageRequest } from './web.js';

/** How long a page waits for a fetch before it shows the phases instead, in milliseconds. */
const WAIT_MS = 1_200;
const CATALOG_WAIT_MS = 300;
const MAX_LICENCE = 256 * 1024;

/** Shows the module at a raw path. Throws what stands in the way. */
export async function modulePage(page: PageRequest, rawPath: string): Promise<FastifyReply> {
  const { web, query } = page;
  const asked = askedOf(page, rawPath);
  const { path, version, below } = asked;
  await web.catalog.refresh(CATALOG_WAIT_MS);
  const module = parseModulePath(path);
  if (below !== '') return redirect(page, fileHref({ module, version }, below));
  const job = web.jobs.of(module, version ?? 'latest');
  const fetched = await Promise.race([
    job.result.catch((error: unknown) => elsewhere(page, module, error)),
    delay(WAIT_MS, undefined, { ref: false }),
  ]);
  if (fetched === undefined) {
    const target = { module, version };
    return sendPage(page, FetchingPage({ context: page.context, target, phases: job.phases }), 202);
  }
  if (typeof fetched === 'string') return redirect(page, fetched);
  if (version !== undefined && version !== fetched.version) {
    return redirect(page, moduleHref({ module, version: fetched.version }, Object.fromEntries(query)));
  }
  return showVersion(page, module, fetched);
}

/** What the path of a page names: a module, a version, and a folder behind it (`example.com/m@v1.0.0/pkg`). */
function askedOf(
  { web, request }: PageRequest,
  rawPath: string,
): { path: string; version: string | undefined; below: string } {
  const decoded = decodePath(rawPath);
  const path = pageSubject(web.vanity(), requestHost(request.raw, web.trusts), decoded);
  const at = decoded.indexOf('@');
  if (at < 0) return { path, version: undefined, below: '' };
  const [version = '', ...below] = decoded
    .slice(at + 1)
    .replace(/\/+$/, '')
    .split('/');
  if (version === '') {
    throw new ModhavenError('INVALID_VERSION', 'malformed path: there is no version after @');
  }
  return { path, version, below: below.join('/') };
}

/**
 * Where a path leads that is not a module: to the files of the module that it is a package of. Throws `error` where there is
 * none that the visitor may read.
 */
async function elsewhere({ web, visitor }: PageRequest, path: string, error: unknown): Promise<string> {
  const around = isNotExist(error) ? web.catalog.enclosing(path) : undefined;
  if (around === undefined || around.path === path) throw error;
  const { paths } = await visitor.readable([around.path]);
  if (!paths.has(around.path)) throw error;
  return fileHref({ module: around.path }, path.slice(around.path.length + 1));
}

function redirect({ reply, prefix }: PageRequest, to: string): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(prefix + to, 302);
}

async function showVersion(
  page: PageRequest,
  module: ModulePath,
  fetched: FetchedVersion,
): Promise<FastifyReply> {
  const { web, context, query } = page;
  const view = await moduleView(web, module, fetched);
  const fetches = await fetchesFor(page, module);
  const [row] = await versionRows(web, view, [view.version], fetches);
  if (row === undefined) throw new Error('one version has one row');
  const tab: Tab = TABS.find((name) => name === query.get('tab')) ?? 'readme';
  const [facts, children] = await Promise.all([
    factsOf(page, view, row, fetched),
    tabContent(page, view, tab, fetches),
  ]);
  return sendPage(page, ModulePage({ context, facts, tab, children }));
}

/** The first requester of a version is shown to admins alone, who find it in the log as well. */
async function fetchesFor({ web, visitor }: PageRequest, module: ModulePath): Promise<Fetches> {
  if (!(await visitor.isAdmin())) return new Map();
  return web.firstFetches.of(module).catch(() => new Map());
}

async function factsOf(
  { web }: PageRequest,
  view: ModuleView,
  row: VersionRow,
  { zipError }: FetchedVersion,
): Promise<ModuleFacts> {
  const { module, version, info } = view;
  const root = web.vanity().resolve(module);
  const docsUrl = web.docsUrl();
  return {
    module,
    version,
    row,
    latest: view.latest,
    isLatest: view.latest === version,
    isStale: view.isStale,
    deprecated: view.deprecated,
    isPrivate: web.isPrivate(module),
    rule: root && {
      key: root.rule.key,
      subdir: root.subdir,
      repository: root.repos[0]?.url ?? root.foreign?.address,
    },
    origin: info.Origin && { url: info.Origin.URL, subdir: info.Origin.Subdir },
    go: view.mod.go,
    licences: await licencesOf(web, view),
    zipSize: await web.store.size({ module, version, kind: 'zip' }),
    versionCount: view.versions.length,
    docs: docsUrl === undefined ? undefined : docsHref(docsUrl, view),
    zipError: zipError === undefined ? undefined : errorWords(zipError, web.publicUrl()),
  };
}

function errorWords(error: unknown, publicUrl: string): string {
  if (!isModhavenError(error)) throw error;
  return developerText(error, new URL(publicUrl).hostname).trimEnd();
}

async function licencesOf(web: PageRequest['web'], view: ModuleView): Promise<ModuleFacts['licences']> {
  const listing = await web.zips.list(view);
  const files = (listing?.files ?? []).filter(({ name }) => isLicenceFile(name)).slice(0, 5);
  return Promise.all(
    files.map(async ({ name: file }) => {
      const text = await web.zips.read(view, file, MAX_LICENCE);
      return { file, name: Buffer.isBuffer(text) ? licenceName(text.toString()) : undefined };
    }),
  );
}
