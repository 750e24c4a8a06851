/**
 * What a request wants to read, as far as a right to it can be asked for: from its URL, its Host and what it accepts,
 * before anything else looks at it. A URL that cannot be parsed names no module, so its refusal gives nothing away.
 */
import { LRUCache } from 'lru-cache';
import type { Resource } from '../../auth/read-access.js';
import { isModhavenError } from '../../errors.js';
import { parseSumdbRequest } from '../../sumdb/format/request.js';
import { decodePath, isPlainUrl, isVersionPage, parseDecodedPath, parseProxyRequest } from '../request.js';

/** Whether a module path is private; `unsure` where only the main process can tell. */
export type PrivacyOf = (path: string) => 'private' | 'public' | 'unsure';

/** The parts of a request that say what it wants. */
export interface Asked {
  /** As on the request line. */
  url: string;
  /** As the client named it, with or without a port. */
  host: string;
  /** Whether a browser asks: it is shown pages for people. */
  wantsHtml: boolean;
}

/** What has to be known to tell what a request wants. */
export interface ResourceRules {
  privacy: PrivacyOf;
  /**
   * The import path that a page for people at `path` of `host` is about (`vanity/page-subject.ts`). Absent in a worker,
   * which does not know the rules.
   */
  pageSubject?: ((host: string, path: string) => string) | undefined;
  /** The name of our own checksum database; undefined if there is none. */
  ownDatabase?: (() => string | undefined) | undefined;
}

/** Below `/-/`, what is open to everybody: it says nothing about modules. */
const OPEN = new Set(['/-/healthz', '/-/readyz', '/-/env', '/-/webhook']);
/** Style sheets and pictures of the pages. */
const ASSETS = '/-/assets/';
/** What stands for one module behind these: `PREFIX MODULE [@VERSION…]`. */
const OF_MODULES = ['/-/raw/', '/-/phases/'];
/** Pages that show each visitor what they may read: see `readable.ts`. */
const LISTINGS = new Set(['/-/modules', '/-/index']);

/** Characters of the URLs whose module is remembered. */
const MAX_REMEMBERED = 1_000_000;

/**
 * The modules that URLs ask for, as the go command writes them. A module follows from the URL alone; to read it there takes
 * longer than the rest of a warm request. Whether the module is private is asked each time.
 */
const moduleOfUrl = new LRUCache<string, string>({
  maxSize: MAX_REMEMBERED,
  sizeCalculation: (module, url) => module.length + url.length + 50,
});

/** The resource of a request; `unsure` where only the main process can tell. */
export function resourceOf(asked: Asked, rules: ResourceRules): Resource | 'unsure' {
  const known = moduleOfUrl.get(asked.url);
  if (known !== undefined) return moduleResource(known, rules.privacy);
  const [rawPath = '/', query = ''] = asked.url.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 2);
  try {
    // As the router reads it: it decodes the path, and ends it at a hash.
    const path = decodePath(rawPath.split(/[#;]/, 1)[0] ?? '');
    if (path.startsWith('/-/')) return ourPage(path, rules);
    const isGoGet = new URLSearchParams(query).get('go-get') === '1';
    if (path === '/') return { kind: asked.wantsHtml && !isGoGet ? 'listing' : 'open' };
    if (isGoGet) return { kind: 'page' };
    if (path.startsWith('/sumdb/')) return checksumResource(decodePath(rawPath), rules);
    if (asked.wantsHtml && isVersionPage(rawPath)) return pageForPeople(asked.host, path, rules);
    const parsed = parseProxyRequest(rawPath);
    if (parsed !== undefined) {
      if (isPlainUrl(asked.url)) moduleOfUrl.set(asked.url, parsed.module);
      return moduleResource(parsed.module, rules.privacy);
    }
    return asked.wantsHtml ? pageForPeople(asked.host, path, rules) : { kind: 'page' };
  } catch (error) {
    if (isModhavenError(error)) return { kind: 'open' };
    throw error;
  }
}

/**
 * The resource of a request that a web server in front is about to answer by itself, from the URL that it names.
 *
 * That server looks for a file by its own reading of the path: it resolves `..`, joins slashes, ends the path at a hash, and does not
 * heed a query. So a query does not make a page of a file here, and a path that could be read in more than one way is `unclear`:
 * no right to it can be decided.
 */
export function originalResource(asked: Asked, rules: ResourceRules): Resource | 'unsure' | 'unclear' {
  const [rawPath = ''] = asked.url.split('?', 1);
  try {
    const path = decodePath(rawPath);
    if (!path.startsWith('/') || /\/\/|[\\%?#;]/.test(path)) return 'unclear';
    const file = path.startsWith('/-/') ? undefined : parseDecodedPath(path);
    return file === undefined ? resourceOf(asked, rules) : moduleResource(file.module, rules.privacy);
  } catch (error) {
    if (isModhavenError(error)) return 'unclear';
    throw error;
  }
}

/** Whether a URL is surely none below `/-/`, told by its first letter: most are, and are asked for often. */
export function isSurelyNotOurs(url: string): boolean {
  return /^\/[A-Za-z0-9!]/.test(url);
}

/** A page that is not known to be open is for admins: a new one is closed until it is thought about. */
function ourPage(path: string, { privacy }: ResourceRules): Resource | 'unsure' {
  if (OPEN.has(path) || path.startsWith(ASSETS)) return { kind: 'open' };
  const prefix = OF_MODULES.find((start) => path.startsWith(start));
  if (prefix !== undefined) return moduleResource(path.slice(prefix.length).split('@', 1)[0] ?? '', privacy);
  return { kind: LISTINGS.has(path) ? 'listing' : 'admin' };
}

/** What such a page shows is content of a module: it takes the right to read it. */
function pageForPeople(host: string, path: string, { privacy, pageSubject }: ResourceRules) {
  return pageSubject === undefined ? 'unsure' : moduleResource(pageSubject(host, path), privacy);
}

/** A lookup needs the right to read its module; tiles of our own records list names, so they are for admins. */
function checksumResource(path: string, { privacy, ownDatabase }: ResourceRules): Resource | 'unsure' {
  const [, name, rest] = /^\/sumdb\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || rest === undefined) return { kind: 'open' };
  if (/^tile\/\d+\/data\//.test(rest)) return { kind: name === ownDatabase?.() ? 'admin' : 'public' };
  const asked = parseSumdbRequest(rest);
  return asked.kind === 'lookup' ? moduleResource(asked.module, privacy) : { kind: 'public' };
}

function moduleResource(path: string, privacy: PrivacyOf): Resource | 'unsure' {
  const found = privacy(path);
  return found === 'unsure' ? 'unsure' : { kind: 'module', path, isPrivate: found === 'private' };
}
