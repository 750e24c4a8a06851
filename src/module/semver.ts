/**
 * Semantic versions as Go writes them (Go Modules Reference, "Versions"; package golang.org/x/mod/semver):
 *
 *     vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]
 *
 * - The leading `v` is required; `vMAJOR` and `vMAJOR.MINOR` are shorthands that take no suffix.
 * - Numbers have no leading zeros and any length. Identifiers are `[0-9A-Za-z-]+`; a prerelease identifier of
 *   digits only is a number and has no leading zeros.
 * - Order: numbers by value; a prerelease comes before its release; its identifiers compare from left to right,
 *   numbers by value and before words, words by ASCII, fewer identifiers first. Build metadata does not count.
 * - What is not a version sorts before every version.
 *
 * Meant to be imported as `import * as semver`.
 */

import { compareBytes } from './byte-order.js';

/** A version, taken apart. Numbers stay text: they have any length. */
export interface SemverParts<V extends string = string> {
  major: string;
  minor: string;
  patch: string;
  /** With the leading `-`; empty for a release. */
  prerelease: string;
  /** With the leading `+`; empty if there is none. */
  build: string;
  /** The whole as it was written. */
  text: V;
}

const NUMBER = '(0|[1-9][0-9]*)';
const PRERELEASE_IDENTIFIER = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const BUILD_IDENTIFIER = '[0-9A-Za-z-]+';
const PRERELEASE = `(-${PRERELEASE_IDENTIFIER}(?:\\.${PRERELEASE_IDENTIFIER})*)?`;
const BUILD = `(\\+${BUILD_IDENTIFIER}(?:\\.${BUILD_IDENTIFIER})*)?`;
const VERSION = new RegExp(`^v${NUMBER}(?:\\.${NUMBER}(?:\\.${NUMBER}${PRERELEASE}${BUILD})?)?$`);
const CANONICAL = new RegExp(`^v${NUMBER}\\.${NUMBER}\\.${NUMBER}${PRERELEASE}$`);
const DIGITS = /^[0-9]+$/;

/** Whether `v` is a semantic version, shorthands included. */
export function isValid(v: string): boolean {
  return VERSION.test(v);
}

/** `v` with MINOR and PATCH filled in and without build metadata; empty if `v` is not valid. */
export function canonical(v: string): string {
  // Most are, and a test makes no objects: of ten thousand tags those would take longer than everything else.
  if (CANONICAL.test(v)) return v;
  const version = parse(v);
  return version === undefined
    ? ''
    : `v${version.major}.${version.minor}.${version.patch}${version.prerelease}`;
}

/** `v2` of `v2.1.0`; empty if `v` is not valid. */
export function major(v: string): string {
  if (!VERSION.test(v)) return '';
  const dot = v.indexOf('.');
  return dot < 0 ? v : v.slice(0, dot);
}

/** `v2.1` of `v2.1.0`, `v2.0` of `v2`; empty if `v` is not valid. */
export function majorMinor(v: string): string {
  const version = parse(v);
  return version === undefined ? '' : `v${version.major}.${version.minor}`;
}

/** `-pre` of `v2.1.0-pre+meta`; empty if there is none or `v` is not valid. */
export function prerelease(v: string): string {
  return parse(v)?.prerelease ?? '';
}

/** `+meta` of `v2.1.0-pre+meta`; empty if there is none or `v` is not valid. */
export function build(v: string): string {
  const plus = v.indexOf('+');
  return plus >= 0 && VERSION.test(v) ? v.slice(plus) : '';
}

/** Negative, zero or positive as `v` precedes, equals or follows `w` in precedence. Build metadata is ignored. */
export function compare(v: string, w: string): number {
  return comparePrecedence(parse(v), parse(w));
}

/** Like `compare`, with equal ones in string order, so that only identical strings are equal. For `Array.sort`. */
export function compareVersions(v: string, w: string): number {
  return compare(v, w) || compareBytes(v, w);
}

/** A sorted copy, in the order of `compareVersions`; each version is parsed once. */
export function sortVersions<V extends string>(list: readonly V[]): V[] {
  return list
    .map((text) => ({ text, parts: parse(text) }))
    .sort((a, b) => comparePrecedence(a.parts, b.parts) || compareBytes(a.text, b.text))
    .map(({ text }) => text);
}

/** The parts of a version in its canonical form, to be compared many times; undefined for any other text. */
export function parseCanonical(text: string): SemverParts | undefined {
  const match = CANONICAL.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', prerelease = ''] = match;
  return { major, minor, patch, prerelease, build: '', text };
}

/** As `compareVersions` does. */
export function compareParts(a: SemverParts, b: SemverParts): number {
  return comparePrecedence(a, b) || compareBytes(a.text, b.text);
}

function parse(text: string): SemverParts | undefined {
  const match = VERSION.exec(text);
  if (match === null) {
    return undefined;
  }
  return {
    major: match[1] ?? '',
    minor: match[2] ?? '0',
    patch: match[3] ?? '0',
    prerelease: match[4] ?? '',
    build: match[5] ?? '',
    text,
  };
}

function comparePrecedence(v: SemverParts | undefined, w: SemverParts | undefined): number {
  if (v === undefined || w === undefined) {
    return Number(v !== undefined) - Number(w !== undefined);
  }
  return (
    compareNumbers(v.major, w.major) ||
    compareNumbers(v.minor, w.minor) ||
    compareNumbers(v.patch, w.patch) ||
    comparePrereleases(v, w)
  );
}

function comparePrereleases(v: SemverParts, w: SemverParts): number {
  if (v.prerelease === w.prerelease) {
    return 0;
  }
  if (v.prerelease === '' || w.prerelease === '') {
    return v.prerelease === '' ? 1 : -1;
  }
  const others = identifiers(w);
  for (const [i, x] of identifiers(v).entries()) {
    const y = others[i];
    if (y === undefined) {
      return 1;
    }
    const order = compareIdentifiers(x, y);
    if (order !== 0) {
      return order;
    }
  }
  return -1;
}

/** The parts between the dots. */
function identifiers({ prerelease }: SemverParts): string[] {
  return prerelease.slice(1).split('.');
}

function compareIdentifiers(x: string, y: string): number {
  if (x === y) {
    return 0;
  }
  const xIsNumber = DIGITS.test(x);
  const yIsNumber = DIGITS.test(y);
  if (xIsNumber !== yIsNumber) {
    return xIsNumber ? -1 : 1;
  }
  return xIsNumber ? compareNumbers(x, y) : compareAscii(x, y);
}

/** Compares decimal numbers of any length; none has leading zeros. */
function compareNumbers(x: string, y: string): number {
  return x.length - y.length || compareAscii(x, y);
}

function compareAscii(x: string, y: string): number {
  if (x === y) {
    return 0;
  }
  return x < y ? -1 : 1;
}
