/**
 * Module paths (Go Modules Reference, "Module paths" and "Major version suffixes"; package
 * golang.org/x/mod/module, CheckPath, SplitPathVersion and CheckPathMajor):
 *
 * - The elements follow `path-element.ts`.
 * - The first element is a host name: lower-case letters, digits, dots and dashes, with at least one dot.
 * - A last element `vN` of digits and dots is a major version: no dots, no leading zero, not `v1`.
 *   Its versions are `vN.y.z`; without such an element they are `v0`, `v1` or `+incompatible`.
 * - Under `gopkg.in/` every path ends in `.vN` or `.vN-unstable` instead, with `v0` and `v1` allowed.
 */

import { ModhavenError } from '../errors.js';
import { quote, quoteChar } from './go-string.js';
import { checkElements } from './path-element.js';
import * as semver from './semver.js';

declare const brand: unique symbol;

/** A valid module path. Comes from `parseModulePath` or `unescapePath` only. */
export type ModulePath = string & { readonly [brand]: 'ModulePath' };

/** A module path as URLs and file names spell it, `!` before letters that were upper case. From `escapePath` only. */
export type EscapedPath = string & { readonly [brand]: 'EscapedPath' };

/** A path and its major version suffix: `prefix + pathMajor` is the path. */
export interface PathVersion {
  prefix: string;
  /** Empty, `/v2`, `.v1` or `.v1-unstable`. */
  pathMajor: string;
}

const GOPKG_IN = 'gopkg.in/';
const GOPKG_SUFFIX = /\.v([0-9]*)(?:-unstable)?$/;
const VERSION_ELEMENT = /\/v[0-9.]+$/;
const MAJOR_ELEMENT = /^\/v(?:[2-9]|[1-9][0-9]+)$/;
const FORBIDDEN_HOST_CHAR = /[^-.0-9a-z]/u;

/** The module path that `text` spells. Throws INVALID_PATH. */
export function parseModulePath(text: string): ModulePath {
  const reason = checkModulePath(text);
  if (reason !== undefined) {
    throw new ModhavenError('INVALID_PATH', `malformed module path ${quote(text)}: ${reason}`);
  }
  return text as ModulePath;
}

/** Whether `text` is a module path. */
export function isModulePath(text: string): text is ModulePath {
  return checkModulePath(text) === undefined;
}

/** Why `text` is not a module path, as the go command says it; undefined if it is one. */
export function checkModulePath(text: string): string | undefined {
  const reason = checkElements(text, 'module');
  if (reason !== undefined) {
    return reason;
  }
  const [host = ''] = text.split('/', 1);
  if (!host.includes('.')) {
    return 'missing dot in first path element';
  }
  const forbidden = FORBIDDEN_HOST_CHAR.exec(host);
  if (forbidden !== null) {
    return `invalid char ${quoteChar(forbidden[0])} in first path element`;
  }
  return splitPathVersion(text) === undefined ? 'invalid version' : undefined;
}

/** Takes the major version suffix off `path`; undefined if it has one that is not allowed, such as `/v1`. */
export function splitPathVersion(path: string): PathVersion | undefined {
  if (path.startsWith(GOPKG_IN)) {
    return splitGopkgIn(path);
  }
  const suffix = VERSION_ELEMENT.exec(path);
  if (suffix === null) {
    return { prefix: path, pathMajor: '' };
  }
  const [pathMajor] = suffix;
  return MAJOR_ELEMENT.test(pathMajor) ? { prefix: path.slice(0, suffix.index), pathMajor } : undefined;
}

/** Why `version` cannot be a version of a module with this suffix, as the go command says it; undefined if it can. */
export function pathMajorReason(version: string, pathMajor: string): string | undefined {
  const suffix = withoutUnstable(pathMajor);
  if (suffix === '.v1' && version.startsWith('v0.0.0-')) {
    // An old go command wrote such pseudo-versions into go.mod files that are still in use.
    return undefined;
  }
  const major = semver.major(version);
  if (suffix === '') {
    const allowed = major === 'v0' || major === 'v1' || semver.build(version) === '+incompatible';
    return allowed ? undefined : `should be v0 or v1, not ${major}`;
  }
  const wanted = /^[/.]/.test(suffix) ? suffix.slice(1) : suffix;
  return wanted !== suffix && major === wanted ? undefined : `should be ${wanted}, not ${major}`;
}

/** Whether `version` can be a version of a module with this suffix. */
export function matchPathMajor(version: string, pathMajor: string): boolean {
  return pathMajorReason(version, pathMajor) === undefined;
}

/** The major version that the suffix asks for: `v2` of `/v2`, `v1` of `.v1-unstable`; empty (v0 or v1) of none. */
export function pathMajorPrefix(pathMajor: string): string {
  if (pathMajor === '') {
    return '';
  }
  const major = withoutUnstable(pathMajor).slice(1);
  if (!/^[/.]/.test(pathMajor) || major !== semver.major(major)) {
    throw new RangeError(`not a major version suffix: ${quote(pathMajor)}`);
  }
  return major;
}

/** Whether `path` is `prefix` or lies below it, by whole elements. */
export function hasPathPrefix(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function splitGopkgIn(path: string): PathVersion | undefined {
  const suffix = GOPKG_SUFFIX.exec(path);
  if (suffix === null) {
    return undefined;
  }
  const [pathMajor, digits = ''] = suffix;
  // The go command takes `.v-unstable` for a suffix, although no version matches it.
  if (pathMajor === '.v' || (digits.startsWith('0') && pathMajor !== '.v0')) {
    return undefined;
  }
  return { prefix: path.slice(0, suffix.index), pathMajor };
}

function withoutUnstable(pathMajor: string): string {
  return pathMajor.startsWith('.v') && pathMajor.endsWith('-unstable')
    ? pathMajor.slice(0, -'-unstable'.length)
    : pathMajor;
}
