/**
 * Module paths and versions as elements of a URL (Go Modules Reference, GOPROXY protocol): escaped, and short enough to
 * become file names. Pure.
 */
import { ModhavenError } from '../errors.js';
import { unescapePath, unescapeVersion } from './escaping.js';
import type { ModulePath } from './module-path.js';

/** Longest element in its escaped form, which becomes a file name: with an ending it must stay below 255 bytes. */
const MAX_ELEMENT = 200;

/** The module path of its escaped form in a URL. Throws INVALID_PATH. */
export function parseModule(escaped: string): ModulePath {
  if (escaped.split('/').some((element) => element.length > MAX_ELEMENT)) {
    throw new ModhavenError(
      'INVALID_PATH',
      `malformed path: an element of the module path is longer than ${MAX_ELEMENT} characters`,
    );
  }
  return unescapePath(escaped);
}

/** The version of its escaped form in a URL. Throws INVALID_VERSION. */
export function parseVersion(escaped: string): string {
  if (escaped.length > MAX_ELEMENT) {
    throw new ModhavenError('INVALID_VERSION', `malformed version: longer than ${MAX_ELEMENT} characters`);
  }
  if (escaped.startsWith('-')) throw new ModhavenError('INVALID_VERSION', 'malformed version: leading dash');
  return unescapeVersion(escaped);
}
