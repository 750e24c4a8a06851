/**
 * What a proxy reads from go.mod files (Go Modules Reference, "go.mod files"; package golang.org/x/mod/modfile):
 *
 * - The module path is found by scanning lines, whatever the rest of the file looks like: the first line that
 *   begins with `module` and a space. A `module (` block reads as `(`, a byte-order mark hides the first line.
 * - Everything else is read as the go command reads the go.mod file of a dependency: unknown lines are skipped,
 *   but the file must have the syntax of `go-mod-syntax.ts`, and `go`, `module`, `require` and `ignore` lines must
 *   be in order. A `retract` line that cannot be read is skipped: later versions of Go may know more of them.
 * - Go versions are `1.21`, `1.21.3` or `1.21rc1`. A dependency's may begin with `v` or go on in a way that this
 *   version of Go does not know (`1.21.x`), and is then cut down to `1.21`.
 */

import { goModError, readPieces } from './go-mod-syntax.js';
import { escapeUnprintable, quote, unquote } from './go-string.js';
import { pathMajorReason, splitPathVersion, type ModulePath } from './module-path.js';
import * as semver from './semver.js';
import { canonicalVersion } from './version.js';

/** An interval of versions, both ends included. They are as written: shorthands, and whatever else is in the file. */
export interface VersionInterval {
  low: string;
  high: string;
}

/** What a proxy needs to know of a go.mod file. */
export interface GoModFacts {
  /** `1.24`, `1.24rc1` or `1.24.3`; undefined without a `go` line. */
  go: string | undefined;
  retract: VersionInterval[];
}

interface GoModReading extends GoModFacts {
  hasModule: boolean;
}

/** Takes the words after a directive; returns what is wrong with them, in the go command's words. */
type Directive = (file: GoModReading, words: string[]) => string | undefined;

const DIRECTIVES: ReadonlyMap<string, Directive> = new Map([
  ['go', readGo],
  ['module', readModule],
  ['require', readRequire],
  ['retract', readRetract],
  ['ignore', readIgnore],
]);

const SPACE = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
const GO_VERSION = /^[1-9][0-9]*\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:[a-z]+[0-9]+)?$/;
const LAX_GO_VERSION = /^v?([1-9][0-9]*\.(?:0|[1-9][0-9]*))[^0-9]/;
const RELEASE = /^(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)|[a-z]+(?:0|[1-9][0-9]*)?)?)?$/;

const NEWLINE = 0x0a;

/** The module path that a go.mod file declares; empty if it declares none. It need not be a valid one. */
export function goModModulePath(text: Buffer): string {
  // Only lines that hold the word are looked at, each once: a file may be millions of empty lines.
  for (let at = text.indexOf('module'), end = 0; at >= 0; at = text.indexOf('module', end)) {
    const start = text.lastIndexOf(NEWLINE, at) + 1;
    const next = text.indexOf(NEWLINE, at);
    end = next < 0 ? text.length : next;
    const line = text.toString('utf8', start, end);
    const [code = ''] = line.split('//', 1);
    const statement = trimSpace(code);
    const rest = statement.slice('module'.length);
    const argument = trimSpace(rest);
    if (statement.startsWith('module') && argument !== '' && argument !== rest) {
      return /^["`]/.test(argument) ? (unquote(argument) ?? '') : argument;
    }
  }
  return '';
}

/** Reads a go.mod file as the go command reads that of a dependency. Throws MODULE_INVALID where it fails. */
export function parseGoMod(text: Buffer): GoModFacts {
  const steps = readGoMod(text);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** The same in steps, a line each: a file may be so large that others should get their turn between them. */
export function* readGoMod(text: Buffer): Generator<undefined, GoModFacts> {
  const source = text.toString();
  const file: GoModReading = { go: undefined, retract: [], hasModule: false };
  /** The words before the parenthesis. */
  let block: readonly string[] | undefined;
  let problem: { start: number; reason: string } | undefined;
  for (const piece of readPieces(source)) {
    yield undefined;
    if (piece.kind === 'block') block = piece.words;
    if (piece.kind === 'end of block') block = undefined;
    if (piece.kind !== 'line' || problem !== undefined) continue;
    const reason =
      block === undefined ? applyLine(file, piece.words) : applyInBlock(file, block, piece.words);
    if (reason !== undefined) problem = { start: piece.start, reason };
  }
  // The go command reads the syntax of the whole file before it looks at what the lines mean.
  if (problem !== undefined) throw goModError(source, problem.start, problem.reason);
  return { go: file.go, retract: file.retract };
}

function applyLine(file: GoModReading, [verb = '', ...args]: readonly string[]): string | undefined {
  return DIRECTIVES.get(verb)?.(file, args);
}

function applyInBlock(
  file: GoModReading,
  [verb = '', ...args]: readonly string[],
  words: string[],
): string | undefined {
  const isUnknown = verb === 'go' || args.length > 0;
  return isUnknown ? undefined : DIRECTIVES.get(verb)?.(file, words);
}

/** Whether one of `intervals` (retractions, bounds included) holds `version`. */
export function isRetracted(intervals: readonly VersionInterval[], version: string): boolean {
  const apart = withoutOverlap(intervals);
  let [from, to] = [0, apart.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const interval = apart[middle];
    if (interval === undefined || semver.compare(version, interval.low) < 0) to = middle;
    else if (semver.compare(version, interval.high) > 0) from = middle + 1;
    else return true;
  }
  return false;
}

const apartOf = new WeakMap<readonly VersionInterval[], readonly VersionInterval[]>();

/**
 * The same versions as intervals in ascending order, none of which meets another, computed once: a go.mod may have a hundred
 * thousand of them, and each version of a long list is looked up.
 */
function withoutOverlap(intervals: readonly VersionInterval[]): readonly VersionInterval[] {
  const known = apartOf.get(intervals);
  if (known !== undefined) return known;
  const apart: VersionInterval[] = [];
  const some = intervals.filter(({ low, high }) => semver.compare(low, high) <= 0);
  for (const { low, high } of some.sort((a, b) => semver.compare(a.low, b.low))) {
    const last = apart.at(-1);
    if (last === undefined || semver.compare(last.high, low) < 0) apart.push({ low, high });
    else if (semver.compare(last.high, high) < 0) last.high = high;
  }
  apartOf.set(intervals, apart);
  return apart;
}

/** The go.mod file of a module that has none. A valid path never needs the quotes of a go.mod string. */
export function synthesizeGoMod(path: ModulePath): Buffer {
  return Buffer.from(`module ${path}\n`);
}

/** The language version of a Go version: `1.24` of `1.24rc1` and `1.24.3`; empty if there is none. */
export function goLanguageVersion(go: string | undefined): string {
  const [release = ''] = (go ?? '').split('-', 1);
  const match = RELEASE.exec(release);
  if (match === null) {
    return '';
  }
  const [, major = '', minor = '0'] = match;
  return major === '1' && minor === '0' ? '1' : `${major}.${minor}`;
}

/** Whether a language version, as `goLanguageVersion` gives it, is 1.24 or later. */
export function isGo124OrLater(lang: string): boolean {
  return semver.compare(`v${lang}`, 'v1.24') >= 0;
}

function readGo(file: GoModReading, words: string[]): string | undefined {
  if (file.go !== undefined) {
    return 'repeated go statement';
  }
  const [version] = words;
  if (version === undefined || words.length > 1) {
    return 'go directive expects exactly one argument';
  }
  file.go = GO_VERSION.test(version) ? version : LAX_GO_VERSION.exec(version)?.[1];
  return file.go === undefined
    ? `invalid go version '${escapeUnprintable(version)}': must match format 1.23.0`
    : undefined;
}

function readModule(file: GoModReading, words: string[]): string | undefined {
  if (file.hasModule) {
    return 'repeated module statement';
  }
  file.hasModule = true;
  return checkOneString(words, 'usage: module module/path');
}

function readIgnore(_file: GoModReading, words: string[]): string | undefined {
  return checkOneString(words, 'ignore directive expects exactly one argument');
}

function readRequire(_file: GoModReading, words: string[]): string | undefined {
  const [pathWord, versionWord] = words;
  if (pathWord === undefined || versionWord === undefined || words.length > 2) {
    return 'usage: require module/path v1.2.3';
  }
  const path = readString(pathWord);
  if (path === undefined) {
    return `invalid quoted string: ${stringProblem(pathWord)}`;
  }
  const written = readString(versionWord);
  if (written === undefined) {
    return invalidVersion(path, versionWord, stringProblem(versionWord));
  }
  const version = canonicalVersion(written);
  if (version === '') {
    return invalidVersion(path, written, 'must be of the form v1.2.3');
  }
  const split = splitPathVersion(path);
  if (split === undefined) {
    return 'invalid module path';
  }
  const mismatch = pathMajorReason(version, split.pathMajor);
  return mismatch === undefined ? undefined : invalidVersion(path, version, mismatch);
}

function readRetract(file: GoModReading, words: string[]): string | undefined {
  const interval = parseInterval(words);
  if (interval !== undefined) {
    file.retract.push(interval);
  }
  return undefined;
}

/** `v1.0.0` or `[v1.0.0, v1.9.9]`; what follows them is left to later versions of Go. */
function parseInterval(words: string[]): VersionInterval | undefined {
  const [first, lowWord, comma, highWord, close] = words;
  if (first === undefined || first === '(') {
    return undefined;
  }
  if (first !== '[') {
    const version = readString(first);
    return version === undefined ? undefined : { low: version, high: version };
  }
  if (lowWord === undefined || comma !== ',' || highWord === undefined || close !== ']') {
    return undefined;
  }
  const low = readString(lowWord);
  const high = readString(highWord);
  return low === undefined || high === undefined ? undefined : { low, high };
}

function checkOneString(words: string[], usage: string): string | undefined {
  const [word] = words;
  if (word === undefined || words.length > 1) {
    return usage;
  }
  return readString(word) === undefined ? `invalid quoted string: ${stringProblem(word)}` : undefined;
}

/** The text of a word or a `"…"` string; undefined if it is neither. Quotes in any other place are reserved. */
export function readString(word: string): string | undefined {
  if (word.startsWith('"')) {
    return unquote(word);
  }
  return /["'`]/.test(word) ? undefined : word;
}

/** Why `readString` refused the word. */
function stringProblem(word: string): string {
  return word.startsWith('"') ? 'invalid syntax' : 'unquoted string cannot contain quote';
}

function invalidVersion(path: string, version: string, reason: string): string {
  return `require ${escapeUnprintable(path)}: version ${quote(version)} invalid: ${reason}`;
}

/** Like `String.prototype.trim`, but with Go's idea of space, which a byte-order mark is not and U+0085 is. */
function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text.charAt(start))) {
    start++;
  }
  while (end > start && SPACE.test(text.charAt(end - 1))) {
    end--;
  }
  return text.slice(start, end);
}
