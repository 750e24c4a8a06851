/**
 * Pseudo-versions name commits that have no tag (Go Modules Reference, "Pseudo-versions"; package
 * golang.org/x/mod/module, pseudo.go). With the highest earlier tag as base they are
 *
 *     no base          vX.0.0-yyyymmddhhmmss-abcdef123456
 *     vX.Y.Z           vX.Y.(Z+1)-0.yyyymmddhhmmss-abcdef123456
 *     vX.Y.Z-pre       vX.Y.Z-pre.0.yyyymmddhhmmss-abcdef123456
 *
 * The last two end in `+incompatible` if the base does. The time is the commit's, in UTC. Each form sorts after its
 * base and before any tag that may follow.
 */

import { ModhavenError } from '../errors.js';
import { quote } from './go-string.js';
import { isWritableTime } from './info.js';
import * as semver from './semver.js';

const PSEUDO_VERSION =
  /^v[0-9]+\.(?:0\.0-|[0-9]+\.[0-9]+-(?:[^+]*\.)?0\.)[0-9]{14}-[A-Za-z0-9]+(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
/** What precedes the time (with its separator), the time, the revision, the build metadata. */
const PARTS = /^([^+]*)[-.]([0-9]{14})-([A-Za-z0-9]+)(\+.*)?$/;
const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;

/** What a pseudo-version is made of. */
export interface PseudoVersionParts {
  /** `v2`; empty stands for `v0`. Counts only without `older`. */
  major: string;
  /** The version it follows, `+incompatible` included; empty for none. */
  older: string;
  /** The commit's time. */
  time: Date;
  /** The first 12 digits of the commit's hash. */
  rev: string;
}

/** Whether `v` has the form of a pseudo-version. Its time may still be none. */
export function isPseudoVersion(v: string): boolean {
  return PSEUDO_VERSION.test(v) && semver.isValid(v);
}

/** The pseudo-version of a commit. Throws VERSION_NOT_FOUND where its time is of a year after 9999. */
export function pseudoVersion({ major, older, time, rev }: PseudoVersionParts): string {
  if (!isWritableTime(time)) {
    throw new ModhavenError('VERSION_NOT_FOUND', `commit ${rev} has no pseudo-version`, {
      reason: 'its commit time is after the year 9999, which a pseudo-version cannot say',
      remedy: 'set a version tag on it, or commit again with a right clock',
    });
  }
  const segment = `${formatTime(time)}-${rev}`;
  const base = semver.canonical(older);
  if (base === '') {
    return `${major === '' ? 'v0' : major}.0.0-${segment}`;
  }
  const build = semver.build(older);
  if (semver.prerelease(base) !== '') {
    return `${base}.0.${segment}${build}`;
  }
  const patch = base.lastIndexOf('.') + 1;
  return `${base.slice(0, patch)}${String(BigInt(base.slice(patch)) + 1n)}-0.${segment}${build}`;
}

/** The time in a pseudo-version. Throws VERSION_NOT_FOUND if `v` is not one or its time does not exist. */
export function pseudoVersionTime(v: string): Date {
  const { timestamp } = parse(v);
  const time = parseTime(timestamp);
  if (time === undefined) {
    throw invalid(v, `malformed time ${quote(timestamp)}`);
  }
  return time;
}

/** The revision in a pseudo-version. Throws VERSION_NOT_FOUND if `v` is not one. */
export function pseudoVersionRev(v: string): string {
  return parse(v).rev;
}

/**
 * The version that a pseudo-version follows, `+incompatible` included; empty for none. Throws VERSION_NOT_FOUND if
 * `v` is not one or no base can lead to it.
 */
export function pseudoVersionBase(v: string): string {
  const { base, build } = parse(v);
  const prerelease = semver.prerelease(base);
  if (prerelease === '') {
    if (build !== '') {
      throw invalid(v, `lacks base version, but has build metadata ${quote(build)}`);
    }
    return '';
  }
  if (prerelease !== '-0') {
    return base.slice(0, -'.0'.length) + build;
  }
  const next = base.slice(0, -prerelease.length);
  const patch = next.lastIndexOf('.') + 1;
  if (next.slice(patch) === '0') {
    throw invalid(v, `version before ${next} would have negative patch number`);
  }
  return `${next.slice(0, patch)}${String(BigInt(next.slice(patch)) - 1n)}${build}`;
}

interface Parsed {
  /** `vX.0.0`, `vX.Y.(Z+1)-0` or `vX.Y.Z-pre.0`. */
  base: string;
  timestamp: string;
  rev: string;
  build: string;
}

function parse(v: string): Parsed {
  const match = isPseudoVersion(v) ? PARTS.exec(v) : null;
  if (match === null) {
    throw invalid(v, 'syntax error');
  }
  const [, base = '', timestamp = '', rev = '', build = ''] = match;
  return { base, timestamp, rev, build };
}

function invalid(v: string, reason: string): ModhavenError {
  return new ModhavenError('VERSION_NOT_FOUND', `pseudo-version ${quote(v)} invalid: ${reason}`);
}

function formatTime(time: Date): string {
  const two = [time.getUTCMonth() + 1, time.getUTCDate(), time.getUTCHours(), time.getUTCMinutes()];
  return [
    String(time.getUTCFullYear()).padStart(4, '0'),
    ...[...two, time.getUTCSeconds()].map((part) => String(part).padStart(2, '0')),
  ].join('');
}

/** The time, or undefined if the calendar has no such time: `Date` alone would roll 30 February over. */
function parseTime(timestamp: string): Date | undefined {
  const match = TIME.exec(timestamp);
  if (match === null) {
    return undefined;
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const time = new Date(0);
  // `Date.UTC` would read the years 0 to 99 as 1900 to 1999.
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  return formatTime(time) === timestamp ? time : undefined;
}
