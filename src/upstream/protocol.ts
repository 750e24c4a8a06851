/** What the GOPROXY protocol looks like from the side of a client. */
import { ModhavenError } from '../errors.js';
import { escapePath, escapeVersion } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { parseVersionList } from '../module/version-list.js';
import { ZIP_LIMITS } from '../module/zip-files.js';
import { decodeInfo, type Info } from '../module/info.js';
import type { Part } from '../store/version-store.js';
import type { UpstreamAnswer } from './upstream-answer.js';

/** The path of one file of a version, also of a query (branch, hash) that is none yet. Throws INVALID_VERSION. */
export function versionPath({ module, version, kind }: Part): string {
  return `/${escapePath(module)}/@v/${escapeVersion(version)}.${kind}`;
}

export function listPath(module: ModulePath): string {
  return `/${escapePath(module)}/@v/list`;
}

export function latestPath(module: ModulePath): string {
  return `/${escapePath(module)}/@latest`;
}

/** Texts of the protocol are small; the largest go.mod the go command reads is this. */
const MAX_TEXT = ZIP_LIMITS.goMod;

/** A whole text, which has come to its announced end. Throws HOST_REFUSED for one that no client would take. */
export async function readText({ body, length }: UpstreamAnswer, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_TEXT) throw unusable(path, `it is larger than ${MAX_TEXT} bytes`);
    pieces.push(piece);
  }
  if (length !== undefined && size !== length)
    throw unusable(path, `it ended after ${size} of ${length} bytes`);
  return Buffer.concat(pieces);
}

/** Throws HOST_REFUSED for what is no list: an error page, most likely. */
export function checkList(text: Buffer, path: string): void {
  if (parseVersionList(text).length === 0 && /^\s*[<{]/.test(text.toString('utf8', 0, 200)))
    throw unusable(path, 'it is no list of versions');
}

/** The content of an `.info`. Throws HOST_REFUSED for what is none. */
export function parseInfo(bytes: Buffer, path: string): Info {
  try {
    const info = decodeInfo(bytes);
    if (semver.isValid(info.Version)) return info;
  } catch {
    // Not JSON: an error page, most likely.
  }
  throw unusable(path, 'it is no version in JSON');
}

/** The error for an answer that cannot be what was asked for. */
export function unusable(path: string, reason: string): ModhavenError {
  return new ModhavenError('HOST_REFUSED', `the upstream proxy sent something unusable for ${path}`, {
    reason,
    remedy:
      'look at what upstream: in modhaven.yaml names; a login page or a web filter may answer in its place',
  });
}
