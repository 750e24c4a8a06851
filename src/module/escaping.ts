/**
 * How paths and versions appear in proxy URLs and file names (Go Modules Reference, "GOPROXY protocol"; package
 * golang.org/x/mod/module, "Escaped Paths"): every upper-case letter becomes `!` and its lower-case form, so that
 * no two of them differ in case only. `!` itself occurs in neither.
 *
 *     github.com/Azure/azure-sdk-for-go    github.com/!azure/azure-sdk-for-go
 *
 * A version need not be a semantic one (a branch, a hash), but must be one element of a file path, in ASCII.
 */

import { ModhavenError, isModhavenError } from '../errors.js';
import { quote } from './go-string.js';
import { checkModulePath, type EscapedPath, type ModulePath } from './module-path.js';
import { checkElement } from './path-element.js';

/** The characters of an escaped text: an escaped letter, or ASCII without upper-case letters and `!`. */
// eslint-disable-next-line no-control-regex
const ESCAPED = /^(?:![a-z]|[\x00-\x20"-@[-\x7f])*$/;
// eslint-disable-next-line no-control-regex
const UNESCAPABLE = /[^\x00-\x20"-\x7f]/;

const NOT_ESCAPED = {
  reason:
    'in a request an upper-case letter is written as ! and the lower-case one, and other letters have no form',
  remedy: 'write !f for F; the go command does this by itself',
};

/** The escaped form of a module path. */
export function escapePath(path: ModulePath): EscapedPath {
  return escapeLetters(path) as EscapedPath;
}

/** The module path of an escaped form. Throws INVALID_PATH. */
export function unescapePath(escaped: string): ModulePath {
  const path = unescapeLetters(escaped);
  if (path === undefined) {
    throw new ModhavenError('INVALID_PATH', `invalid escaped module path ${quote(escaped)}`, NOT_ESCAPED);
  }
  const reason = checkModulePath(path);
  if (reason !== undefined) {
    const problem = `malformed module path ${quote(path)}: ${reason}`;
    throw new ModhavenError('INVALID_PATH', `invalid escaped module path ${quote(escaped)}: ${problem}`);
  }
  return path as ModulePath;
}

/** What `unescape` makes of an escaped text, or undefined where that is not one: names of files may be anything. */
export function unescapedIfValid<T>(unescape: () => T): T | undefined {
  try {
    return unescape();
  } catch (error) {
    if (isModhavenError(error, 'INVALID_PATH', 'INVALID_VERSION')) return undefined;
    throw error;
  }
}

/** Whether `v` can stand in a URL: a branch name with a slash cannot. */
export function hasEscapedForm(v: string): boolean {
  return !UNESCAPABLE.test(v) && checkElement(v, 'file') === undefined;
}

/** The escaped form of a version. Throws INVALID_VERSION if `v` has none. */
export function escapeVersion(v: string): string {
  if (!hasEscapedForm(v)) {
    throw new ModhavenError('INVALID_VERSION', `version ${quote(v)} invalid: disallowed version string`);
  }
  return escapeLetters(v);
}

/** The version of an escaped form. Throws INVALID_VERSION. */
export function unescapeVersion(escaped: string): string {
  const version = unescapeLetters(escaped);
  if (version === undefined) {
    throw new ModhavenError('INVALID_VERSION', `invalid escaped version ${quote(escaped)}`, NOT_ESCAPED);
  }
  const reason = checkElement(version, 'file');
  if (reason !== undefined) {
    throw new ModhavenError('INVALID_VERSION', `invalid escaped version ${quote(version)}: ${reason}`);
  }
  return version;
}

function escapeLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

function unescapeLetters(escaped: string): string | undefined {
  return ESCAPED.test(escaped)
    ? escaped.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
    : undefined;
}
