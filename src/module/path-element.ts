/**
 * What module paths and file paths have in common (Go Modules Reference, "Module paths and versions"; package
 * golang.org/x/mod/module, CheckPath and CheckFilePath):
 *
 * - Elements are separated by single slashes; there is no leading, trailing or double slash.
 * - An element is not empty, does not consist of dots only and does not end with a dot.
 * - Module paths: ASCII letters and digits and `-._~` only; no element begins with a dot or looks like a Windows
 *   short name (`long~1`); the path does not begin with a dash.
 * - File paths: letters of any script, ASCII digits, the space and `!#$%&()+,-.=@[]^_{}~`.
 * - The part of an element before its first dot is not a device name of Windows, in any case (`con`, `Aux.txt`).
 *
 * Letters follow the Unicode version of the JavaScript engine, which may know letters that an older go command
 * does not.
 */

import { quote, quoteChar } from './go-string.js';

/** Which set of rules applies. */
export type PathKind = 'module' | 'file';

const FORBIDDEN_CHAR: Readonly<Record<PathKind, RegExp>> = {
  module: /[^-._~0-9A-Za-z]/u,
  file: /[^-!#$%&()+,.=@[\]^_{}~ 0-9\p{L}]/u,
};
const ONLY_DOTS = /^\.+$/;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const WINDOWS_SHORT_NAME = /~[0-9]+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why `path` is not a valid path of this kind, as the go command says it; undefined if it is valid. */
export function checkElements(path: string, kind: PathKind): string | undefined {
  if (LONE_SURROGATE.test(path)) {
    return 'invalid UTF-8';
  }
  if (path === '') {
    return 'empty string';
  }
  if (kind === 'module' && path.startsWith('-')) {
    return 'leading dash';
  }
  if (path.includes('//')) {
    return 'double slash';
  }
  if (path.endsWith('/')) {
    return 'trailing slash';
  }
  for (const element of path.split('/')) {
    const reason = checkElement(element, kind);
    if (reason !== undefined) {
      return reason;
    }
  }
  return undefined;
}

/** Why `element` cannot be an element of such a path; undefined if it can. */
export function checkElement(element: string, kind: PathKind): string | undefined {
  if (element === '') {
    return 'empty path element';
  }
  if (ONLY_DOTS.test(element)) {
    return `invalid path element ${quote(element)}`;
  }
  if (kind === 'module' && element.startsWith('.')) {
    return 'leading dot in path element';
  }
  if (element.endsWith('.')) {
    return 'trailing dot in path element';
  }
  const forbidden = FORBIDDEN_CHAR[kind].exec(element);
  if (forbidden !== null) {
    return `invalid char ${quoteChar(forbidden[0])}`;
  }
  const dot = element.indexOf('.');
  const short = dot === -1 ? element : element.slice(0, dot);
  if (WINDOWS_DEVICE.test(short)) {
    return `${quote(short)} disallowed as path element component on Windows`;
  }
  if (kind === 'module' && WINDOWS_SHORT_NAME.test(short)) {
    return 'trailing tilde and digits in path element';
  }
  return undefined;
}
