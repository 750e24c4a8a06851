/**
 * What a request of the GOPROXY protocol asks for (Go Modules Reference, GOPROXY protocol). Pure.
 *
 * A module path cannot hold an `@`, so `/@v/` and `/@latest` mark such requests and everything else is a page. The
 * go command percent-encodes `!`; nothing it sends needs an encoded slash or dot, so those are attempts to get past a
 * check, and refused.
 */
import { ModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { parseModule, parseVersion } from '../module/url-element.js';

export type ProxyRequest =
  | { kind: 'list'; module: ModulePath }
  | { kind: 'latest'; module: ModulePath }
  | { kind: 'info' | 'mod' | 'zip'; module: ModulePath; version: string };

/** Longest path that is looked at, in characters. */
const MAX_PATH = 2048;

/**
 * Parses the raw path of a URL (still percent-encoded, without query). Undefined if it is not a GOPROXY request.
 * Throws INVALID_PATH or INVALID_VERSION.
 */
export function parseProxyRequest(rawPath: string): ProxyRequest | undefined {
  return /(?:@|%40)(?:v(?:\/|%2f|$)|latest)/i.test(rawPath)
    ? parseDecodedPath(decodePath(rawPath))
    : undefined;
}

/** The same for a path that `decodePath` has decoded. */
export function parseDecodedPath(path: string): ProxyRequest | undefined {
  if (!/@(?:v(?:\/|$)|latest)/i.test(path)) return undefined;
  if (path.endsWith('/@latest')) {
    return { kind: 'latest', module: parseModule(path.slice(1, -'/@latest'.length)) };
  }
  const at = path.indexOf('/@v/');
  if (at < 0) throw malformed('expected /@v/ or /@latest after the module path');
  const module = parseModule(path.slice(1, at));
  const file = path.slice(at + '/@v/'.length);
  if (file === 'list') return { kind: 'list', module };
  const [, escaped, kind] = /^(.*)\.(info|mod|zip)$/s.exec(file) ?? [];
  if (escaped === undefined || kind === undefined) {
    throw malformed('expected @v/list, @v/VERSION.info, @v/VERSION.mod or @v/VERSION.zip');
  }
  return { kind: kind as 'info' | 'mod' | 'zip', module, version: parseVersion(escaped) };
}

/**
 * Whether a raw path is that of a page about a version, `MODULE@VERSION`: the protocol has a slash before each of its `@`. Only for
 * browsers: for all others such a path is malformed where the version begins as a word of the protocol does (`@latest`).
 */
export function isVersionPage(rawPath: string): boolean {
  const at = rawPath.indexOf('@');
  return at > 0 && rawPath[at - 1] !== '/';
}

/** What the go command sends: a path without a query, in which nothing but `!` is percent-encoded. */
const PLAIN_URL = /^\/(?:[^%?#]|%21)+$/;

/** Whether a raw URL is spelled as the go command does it, so that an answer is kept under one name or two. */
export function isPlainUrl(url: string): boolean {
  return PLAIN_URL.test(url);
}

/** Decodes the path of a URL once. Throws INVALID_PATH for what no client has a reason to send. */
export function decodePath(rawPath: string): string {
  if (rawPath.length > MAX_PATH) throw malformed(`the path is longer than ${MAX_PATH} characters`);
  if (/%(?:2e|2f|5c|00)/i.test(rawPath)) {
    throw malformed('an encoded dot, slash, backslash or NUL has no place in it');
  }
  const path = decodePercent(rawPath);
  if (path.split('/').some((element) => element === '.' || element === '..')) {
    throw malformed('it holds a "." or ".." element');
  }
  // eslint-disable-next-line no-control-regex -- refusing them is the point
  if (/[\u0000-\u001f\u007f]/.test(path)) throw malformed('it holds a control character');
  return path;
}

function decodePercent(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw malformed('its percent-encoding is broken');
  }
}

function malformed(why: string): ModhavenError {
  return new ModhavenError('INVALID_PATH', `malformed path: ${why}`);
}
