/** What the GOPROXY protocol looks like from the side of a client. */
import { inSlices } from '../concurrency/slices.js';
import { z } from 'zod';
import { isCanonicalVersion } from '../module/version.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { escapePath, escapeVersion } from '../module/escaping.js';
import { goModModulePath, readGoMod } from '../module/go-mod.js';
import { pathMajorReason, splitPathVersion, type ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { ZIP_LIMITS } from '../module/files/zip-files.js';
import { withoutNulls, type Info } from '../module/info.js';
import type { AskedPart } from '../store/version-store.js';
import type { UpstreamAnswer } from './upstream-answer.js';

/**
 * The path of one file of a version, also of a query (a branch or a hash) that has yet to become one, escaped for a URL as
 * the go command escapes it (`cmd/go/internal/modfetch/proxy.go`, pathEscape). Throws INVALID_VERSION for what cannot be
 * the name of a version, a branch or a commit.
 */
export function versionPath({ module, version, kind }: AskedPart): string {
  checkQuery(version);
  const element = encodeURIComponent(escapeVersion(version)).replace(LEFT_ALONE, decodeURIComponent);
  return `/${escapePath(module)}/@v/${element}.${kind}`;
}

/** What net/url leaves as it is in an element of a path: `!$&+:=@`. */
const LEFT_ALONE = /%(?:21|24|26|2B|3A|3D|40)/g;

/** Throws INVALID_VERSION for a name that git gives to no ref (git-check-ref-format(1)), and so is not a version either. */
function checkQuery(query: string): void {
  if (query.length > MAX_QUERY || NOT_A_REF.test(query)) {
    throw new ModhavenError(
      'INVALID_VERSION',
      `version ${JSON.stringify(query.slice(0, MAX_QUERY))} invalid`,
      {
        reason: 'no version, branch or commit can have this name',
      },
    );
  }
}

const MAX_QUERY = 255;
// eslint-disable-next-line no-control-regex -- git refuses them, and so does this
const NOT_A_REF = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|^[.-]|[./]$|\.lock$/;

export function listPath(module: ModulePath): string {
  return `/${escapePath(module)}/@v/list`;
}

export function latestPath(module: ModulePath): string {
  return `/${escapePath(module)}/@latest`;
}

/** Texts of the protocol are small; the largest go.mod the go command reads is this. */
const MAX_TEXT = ZIP_LIMITS.goMod;

/** Bytes of a list: 300,000 versions. */
export const MAX_LIST = 4 * 1024 * 1024;

/** A whole text, which has come to its announced end. Throws HOST_REFUSED for one of more than `maxBytes`. */
export async function readText(
  { body, length }: UpstreamAnswer,
  path: string,
  maxBytes = MAX_TEXT,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > maxBytes) throw unusable(path, `it is larger than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  if (length !== undefined && size !== length) {
    throw unusable(path, `it ended after ${size} of ${length} bytes`);
  }
  return Buffer.concat(pieces);
}

/**
 * Throws HOST_REFUSED for what cannot be the go.mod of a module: an error page, most likely. It may name another module
 * than was asked for: what is made of that is for the go command to decide.
 */
export async function checkGoMod(text: Buffer, path: string): Promise<void> {
  if (text.includes(0) || goModModulePath(text) === '') throw unusable(path, 'it is not a go.mod');
  try {
    await inSlices(readGoMod(text));
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    throw unusable(path, `it is not a go.mod that can be read: ${error.message}`);
  }
}

/** Throws HOST_REFUSED for a text without a version that is not a list either: an error page, most likely. */
export function checkEmptyList(text: Buffer, path: string): void {
  const words = text
    .toString('utf8')
    .split('\n', 1_000)
    .map((line) => line.trim().split(/\s/, 1)[0] ?? '');
  if (!words.every((word) => word === '' || semver.isValid(word))) {
    throw unusable(path, 'it is not a list of versions');
  }
}

/** Throws HOST_REFUSED for a version that `module` cannot have. */
export function checkMajor(module: ModulePath, version: string, path: string): void {
  const reason = pathMajorReason(version, splitPathVersion(module)?.pathMajor ?? '');
  if (reason !== undefined) throw unusable(path, `it names ${version}, which ${reason}`);
}

/** The content of an `.info`, each part of it judged. Throws HOST_REFUSED for what cannot be one. */
export function parseInfo(bytes: Buffer, path: string): Info {
  if (bytes.length > MAX_INFO) throw unusable(path, `it is larger than ${MAX_INFO} bytes`);
  try {
    const info = InfoFile.parse(JSON.parse(bytes.toString('utf8'), withoutNulls));
    if (isCanonicalVersion(info.Version)) return info as Info;
  } catch {
    // Not JSON, or of another shape: an error page, most likely.
  }
  throw unusable(path, 'it is not a version in JSON');
}

/** Bytes of an `.info`: what `go` reads of one has some hundred, and all of it is kept for ever. */
const MAX_INFO = 64 * 1024;

/** One line of text of a size that fits: it goes into logs, pages and messages. */
const Line = z
  .string()
  .max(1_000)
  .refine((text) => !/\p{Cc}/u.test(text));

/** What `go` reads (`RevInfo`, `codehost.Origin`); no client has ever read the other fields. */
const InfoFile = z.object({
  Version: Line,
  Time: z.iso.datetime({ offset: true }).optional(),
  Origin: z
    .object({
      VCS: Line.optional(),
      URL: Line.optional(),
      Subdir: Line.optional(),
      Hash: Line.optional(),
      TagPrefix: Line.optional(),
      TagSum: Line.optional(),
      Ref: Line.optional(),
      RepoSum: Line.optional(),
    })
    .refine(({ VCS = 'git', Hash = '' }) => VCS !== 'git' || /^(?:|[0-9a-f]{40}|[0-9a-f]{64})$/.test(Hash))
    .optional(),
});

/** The error for an answer that cannot be what was asked for. */
export function unusable(path: string, reason: string): ModhavenError {
  return new ModhavenError('HOST_REFUSED', `the upstream proxy sent something unusable for ${path}`, {
    reason,
    remedy:
      'look at what upstream: in modhaven.yaml names; a login page or a web filter may answer in its place',
    remedyBy: 'admin',
  });
}
