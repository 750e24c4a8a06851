/** `.info` as JSON: the go command's `RevInfo` (Go Modules Reference, GOPROXY protocol), field by field. */
import { errorMessage } from '../errors.js';
import { isCanonicalVersion, type CanonicalVersion } from './version.js';
import type { Origin } from './origin.js';

/** What an `.info` file says. */
export interface Info {
  Version: CanonicalVersion;
  /** RFC 3339, UTC, seconds. Absent where the commit is of a year after 9999, which that form cannot say. */
  Time?: string;
  Origin?: Origin;
}

/** The bytes of an `.info` file. */
export function encodeInfo(version: CanonicalVersion, time: Date, origin: Origin | undefined): Buffer {
  const info: Info = { Version: version };
  // The go command reads no other form, and does without a time.
  if (isWritableTime(time)) info.Time = time.toISOString().replace('.000Z', 'Z');
  if (origin !== undefined) info.Origin = origin;
  return Buffer.from(JSON.stringify(info));
}

/** Reads an `.info` file, whichever program wrote it. Throws SyntaxError for anything else. */
export function decodeInfo(bytes: Buffer): Info {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'), withoutNulls);
  } catch (error) {
    throw new SyntaxError(`is not JSON: ${errorMessage(error)}`);
  }
  if (isInfo(value)) return value;
  throw new SyntaxError('is not an .info');
}

/** For `JSON.parse`: a proxy may say `null` for what it does not know; to the go command that is the same as nothing. */
export function withoutNulls(_key: string, value: unknown): unknown {
  return value ?? undefined;
}

function isInfo(value: unknown): value is Info {
  if (!isObject(value) || !isText(value.Time)) return false;
  const { Version, Origin } = value;
  if (typeof Version !== 'string' || !isCanonicalVersion(Version)) return false;
  return Origin === undefined || (isObject(Origin) && ORIGIN_TEXTS.every((name) => isText(Origin[name])));
}

const ORIGIN_TEXTS = [
  'VCS',
  'URL',
  'Subdir',
  'Hash',
  'TagPrefix',
  'TagSum',
  'Ref',
] satisfies (keyof Origin)[];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Whether RFC 3339 and a pseudo-version have a form for `time`: their years have four digits. */
export function isWritableTime(time: Date): boolean {
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9999; // false of an invalid Date, too
}
