/**
 * Which repository holds a module of a named host: what the path says, else what the page at `https://PATH?go-get=1`
 * says (`cmd/go/internal/vcs/vcs.go`, repoRootForImportDynamic). What a page says about a shorter path counts only if
 * the page at that path says the same.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { beginningOf } from '../http/body.js';
import type { HttpClient } from '../http/client.js';
import { describeHttpError } from '../http/errors.js';
import { BadRedirect, followRedirects } from '../http/redirects.js';
import { isIdleTimeout, type HttpResponse } from '../http/request.js';
import type { RepoUrl } from '../module/repo-url.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import { redactLine } from '../redact.js';
import { cleanDirectory, checkDirectory } from '../module/subdir.js';
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
  /** GETs a page without following redirects; `isFirst` is false for where a redirect leads. */
  get: GetPage;
}

export type GetPage = (url: URL, options: { signal: AbortSignal; isFirst: boolean }) => Promise<HttpResponse>;

/** Bytes of a page that are read: its head is at the beginning. */
const MAX_PAGE = 1024 * 1024;
const MAX_REMEMBERED = 10_000;

/** Asks for pages by way of `http`. The login of this server is for the host of the path, not for one it names. */
export function pagesThrough(http: HttpClient, idleTimeoutMs: () => number): GetPage {
  return (url, { signal, isFirst }) =>
    http.get(url, { signal, idleTimeoutMs: idleTimeoutMs(), login: isFirst ? 'own' : undefined });
}

export function createDiscovery(options: DiscoveryOptions): Discovery {
  return new PageDiscovery(options);
}

class PageDiscovery implements Discovery {
  readonly #options: DiscoveryOptions;
  readonly #flights = createSingleflight();
  readonly #known = new LRUCache<string, { root: DirectRoot; at: number; hosts: DirectHosts }>(
    atMost(MAX_REMEMBERED),
  );

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  async find(path: string): Promise<DirectRoot> {
    const { hosts, refreshMs } = this.#options;
    const before = this.#known.get(path);
    const isFresh = before?.hosts === hosts() && monotonicNow() - before.at < refreshMs();
    if (before !== undefined && isFresh) return before.root;
    return this.#flights.run(path, async () => {
      const at = monotonicNow();
      if (!namesHostOf(hosts(), path)) throw notFound(path, 'direct_hosts does not name its host');
      const root = await this.#discover(path);
      this.#known.set(path, { root, at, hosts: hosts() });
      return root;
    });
  }

  async #discover(path: string): Promise<DirectRoot> {
    const hosts = this.#options.hosts();
    const fixed = staticRoot(path);
    if (fixed !== undefined) {
      return { root: fixed.root, repos: [allowedRepo(hosts, fixed.repo, path)], subdir: '' };
    }
    const found = match(await this.#importsAt(path), path);
    if (found.root !== path) {
      const confirmed = match(await this.#importsAt(found.root), path);
      if (JSON.stringify(confirmed) !== JSON.stringify(found)) {
        throw notFound(path, `the pages at ${path} and ${found.root} disagree`);
      }
    }
    if (found.vcs !== 'git') throw notFound(path, `its page names ${found.vcs}; this server reads git only`);
    return {
      root: found.root,
      repos: [allowedRepo(hosts, found.repo, path)],
      subdir: subdirOf(found, path),
    };
  }

  async #importsAt(path: string): Promise<GoImport[]> {
    const start = new URL(`https://${path}?go-get=1`);
    if (!mayAsk(this.#options.hosts(), start)) throw leadsAway(path, start);
    const signal = AbortSignal.timeout(this.#options.timeoutMs());
    let at = start;
    const ask = (url: URL) => {
      at = url;
      return this.#options.get(url, { signal, isFirst: url.origin === start.origin });
    };
    const check = (to: URL) => {
      if (!mayAsk(this.#options.hosts(), to)) throw leadsAway(path, to);
    };
    try {
      const { response } = await followRedirects(start, ask, check);
      const imports = parseGoImports(await beginningOf(response, MAX_PAGE));
      const isOk = response.status >= 200 && response.status < 300;
      if (imports.length > 0 || isOk) return imports;
      if (response.status === 404 || response.status === 410) {
        throw notFound(path, `${start.host} answered ${response.status}`);
      }
      throw new ModhavenError(
        'HOST_REFUSED',
        `${start.host} answered ${response.status} for ${path}?go-get=1`,
      );
    } catch (error) {
      if (isModhavenError(error)) throw error;
      if (error instanceof BadRedirect) throw notFound(path, error.message.replace(/^it/, 'its page'));
      const code = signal.aborted || isIdleTimeout(error) ? 'HOST_TIMEOUT' : 'HOST_UNREACHABLE';
      throw new ModhavenError(code, `cannot ask ${start.host} where ${path} is`, {
        reason: redactLine(
          signal.aborted ? `${at.host} did not answer in time` : describeHttpError(error, at),
        ),
        cause: error,
      });
    }
  }
}

function leadsAway(path: string, url: URL): ModhavenError {
  return notFound(path, `its page leads to ${url.protocol}//${url.host}`);
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

function notFound(path: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, { reason });
}
