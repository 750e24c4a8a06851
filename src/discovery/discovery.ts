/**
 * Which repository holds a module of a named host: what the path says, else what the page at `https://PATH?go-get=1`
 * says (`cmd/go/internal/vcs/vcs.go`, repoRootForImportDynamic). What a page says about a shorter path counts only if
 * the page at that path says the same.
 */
import { LRUCache } from 'lru-cache';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import { redactLine } from '../redact.js';
import { cleanDirectory, checkDirectory } from '../vanity/subdir.js';
import { allowedRepo, mayAsk, namesHostOf, type DirectHosts } from './direct-hosts.js';
import { parseGoImports, type GoImport } from './go-import-tags.js';
import { staticRoot } from './static-root.js';

/** Where a module lives, as a rule of vanity.yaml would say it. */
export interface DirectRoot {
  root: string;
  repos: readonly RepoUrl[];
  subdir: string;
}

export interface Discovery {
  /** Throws MODULE_NOT_FOUND where no repository is, a HOST_ code where that cannot be found out. */
  find(path: string): Promise<DirectRoot>;
}

export interface DiscoveryOptions {
  hosts: () => DirectHosts;
  /** Milliseconds for one page. */
  timeoutMs: () => number;
  /** How long an answer holds, in milliseconds. */
  refreshMs: () => number;
  /** GETs a page without following redirects. */
  get?: (url: URL, signal: AbortSignal) => Promise<Response>;
}

const MAX_REDIRECTS = 10;
/** Bytes of a page that are read: its head is at the beginning. */
const MAX_PAGE = 1024 * 1024;
const MAX_REMEMBERED = 10_000;

export function createDiscovery({ hosts, timeoutMs, refreshMs, get = getPage }: DiscoveryOptions): Discovery {
  const flights = createSingleflight();
  const known = new LRUCache<string, { root: DirectRoot; at: number; hosts: DirectHosts }>({
    max: MAX_REMEMBERED,
  });

  async function discover(path: string): Promise<DirectRoot> {
    const fixed = staticRoot(path);
    if (fixed !== undefined)
      return { root: fixed.root, repos: [allowedRepo(hosts(), fixed.repo, path)], subdir: '' };
    const found = match(await importsAt(path), path);
    if (found.root !== path) {
      const confirmed = match(await importsAt(found.root), path);
      if (JSON.stringify(confirmed) !== JSON.stringify(found))
        throw notFound(path, `the pages at ${path} and ${found.root} disagree`);
    }
    if (found.vcs !== 'git') throw notFound(path, `its page names ${found.vcs}; this server reads git only`);
    return {
      root: found.root,
      repos: [allowedRepo(hosts(), found.repo, path)],
      subdir: subdirOf(found, path),
    };
  }

  async function importsAt(path: string): Promise<GoImport[]> {
    const url = new URL(`https://${path}?go-get=1`);
    const signal = AbortSignal.timeout(timeoutMs());
    try {
      const response = await follow(url, signal, path);
      const imports = parseGoImports(await beginningOf(response));
      if (imports.length > 0 || response.ok) return imports;
      if (response.status === 404 || response.status === 410)
        throw notFound(path, `${url.host} answered ${response.status}`);
      throw new ModhavenError('HOST_REFUSED', `${url.host} answered ${response.status} for ${path}?go-get=1`);
    } catch (error) {
      if (isModhavenError(error)) throw error;
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      const code = signal.aborted ? 'HOST_TIMEOUT' : 'HOST_UNREACHABLE';
      throw new ModhavenError(code, `cannot ask ${url.host} where ${path} is`, {
        reason: redactLine(errorMessage(cause)),
        cause: error,
      });
    }
  }

  async function follow(url: URL, signal: AbortSignal, path: string): Promise<Response> {
    let at = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      if (!mayAsk(hosts(), at)) throw notFound(path, `its page leads to ${at.protocol}//${at.host}`);
      const response = await get(at, signal);
      const location =
        response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
      if (location === null) return response;
      await response.body?.cancel();
      if (!URL.canParse(location, at.href)) throw notFound(path, 'its page redirects to no address');
      at = new URL(location, at.href);
    }
    throw notFound(path, `its page redirects more than ${MAX_REDIRECTS} times`);
  }

  return {
    async find(path) {
      const before = known.get(path);
      const isFresh = before?.hosts === hosts() && Date.now() - before.at < refreshMs();
      if (before !== undefined && isFresh) return before.root;
      return flights.run(path, async () => {
        const at = Date.now();
        if (!namesHostOf(hosts(), path)) throw notFound(path, 'direct_hosts does not name its host');
        const root = await discover(path);
        known.set(path, { root, at, hosts: hosts() });
        return root;
      });
    },
  };
}

/** The one tag that covers `path`. A tag for a module proxy goes before others of the same root. */
function match(imports: GoImport[], path: string): GoImport {
  const covering = imports.filter(({ root }) => `${path}/`.startsWith(`${root}/`));
  const proxied = covering.find(({ vcs }) => vcs === 'mod');
  const [found, second] = proxied === undefined ? covering : [proxied];
  if (found === undefined) throw notFound(path, 'its page has no go-import tag for it');
  if (second !== undefined) throw notFound(path, 'its page has several go-import tags for it');
  return found;
}

function subdirOf({ subdir }: GoImport, path: string): string {
  const problem = checkDirectory(subdir);
  if (problem === undefined) return cleanDirectory(subdir);
  throw notFound(path, `its page names the subdirectory ${JSON.stringify(subdir)}: ${problem}`);
}

function getPage(url: URL, signal: AbortSignal): Promise<Response> {
  return fetch(url.href, { redirect: 'manual', signal });
}

async function beginningOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    size += piece.length;
    if (size >= MAX_PAGE) break;
  }
  return Buffer.concat(pieces).toString('utf8', 0, MAX_PAGE);
}

function notFound(path: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, { reason });
}
