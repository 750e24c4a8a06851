/**
 * What a request wants to read, as far as a right to it can be asked for: from its URL alone, before anything else looks at
 * it. A URL that cannot be read is nobody's secret: what refuses it says nothing but that.
 */
import type { Resource } from '../../auth/read-access.js';
import { isModhavenError } from '../../errors.js';
import { parseSumdbRequest } from '../../sumdb/format/request.js';
import { decodePath, parseProxyRequest } from '../request.js';

/** Whether a module path is private; `unsure` where only the main process can tell. */
export type Privacy = (path: string) => 'private' | 'public' | 'unsure';

/** Below `/-/`, what is open to everybody: it says nothing about modules. */
const OPEN = new Set(['/-/healthz', '/-/readyz', '/-/env', '/-/webhook']);

/** The resource of a raw URL; `unsure` where only the main process can tell. */
export function resourceOf(url: string, privacy: Privacy): Resource | 'unsure' {
  const [rawPath = '/', query = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 2);
  try {
    // As the router reads it: it decodes the path, and ends it at a hash.
    const path = decodePath(rawPath.split(/[#;]/, 1)[0] ?? '');
    // A page that is not known to be open is for admins: a new one is closed until it is thought about.
    if (path.startsWith('/-/')) return { kind: OPEN.has(path) ? 'open' : 'admin' };
    if (path === '/') return { kind: 'open' };
    if (new URLSearchParams(query).get('go-get') === '1') return { kind: 'page' };
    if (path.startsWith('/sumdb/')) return checksumResource(decodePath(rawPath), privacy);
    const asked = parseProxyRequest(rawPath);
    return asked === undefined ? { kind: 'page' } : moduleResource(asked.module, privacy);
  } catch (error) {
    if (isModhavenError(error)) return { kind: 'open' };
    throw error;
  }
}

/** Whether a URL is surely none below `/-/`, told by its first letter: most are, and are asked for often. */
export function isSurelyNotOurs(url: string): boolean {
  return /^\/[A-Za-z0-9!]/.test(url);
}

/** A lookup needs the right to read its module; tiles of records list names, so they are for admins. */
function checksumResource(path: string, privacy: Privacy): Resource | 'unsure' {
  const [, name, rest] = /^\/sumdb\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || rest === undefined) return { kind: 'open' };
  if (/^tile\/\d+\/data\//.test(rest)) return { kind: 'admin' };
  const asked = parseSumdbRequest(rest);
  return asked.kind === 'lookup' ? moduleResource(asked.module, privacy) : { kind: 'public' };
}

function moduleResource(path: string, privacy: Privacy): Resource | 'unsure' {
  const found = privacy(path);
  return found === 'unsure' ? 'unsure' : { kind: 'module', path, isPrivate: found === 'private' };
}
