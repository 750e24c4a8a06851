/**
 * Responses that are ready to be sent: a body, its validator, and the headers in the raw form (name and value in turn)
 * that node:http writes with the least work. Made once, sent as often as they are asked for.
 */
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import { createHash } from 'node:crypto';
import { ModhavenError } from '../../errors.js';
import {
  CONTENT_TYPES,
  storedName,
  type OpenPart,
  type Part,
  type VersionStore,
} from '../../store/version-store.js';

/** For what never changes (a version that was served). */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The internal location below which a server in front has `<cache.dir>/download`. */
const ACCEL_PREFIX = '/-/download/';

/** For what may have changed a minute later (lists, branches). */
export const SHORT = 'public, max-age=10';

/** The headers that say that a response, known since `asOf` (milliseconds since 1970), may be outdated. */
export function staleHeaders(asOf: number): string[] {
  const age = Math.max(0, Math.round((monotonicNow() - asOf) / 1000));
  return ['age', String(age), 'warning', '110 - "Response is Stale"'];
}

export interface PreparedResponse {
  /** Bytes, one character of a string for each (latin1), or a stored file, which the sender closes. */
  readonly body: string | Buffer | OpenPart;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Strong validator, with its quotes. */
  readonly etag: string;
  /** Without Content-Length. */
  readonly headers: readonly string[];
  /** With the Content-Length of the whole body. */
  readonly wholeHeaders: readonly string[];
  /** Whether a part of the body may be asked for. */
  readonly hasRanges: boolean;
  /** Of a stored zip: where a server in front finds it, see `config/nginx.conf`. */
  readonly accelPath?: string;
}

/** A text; `more` holds further headers. */
export function prepareText(
  text: Buffer,
  type: string,
  cacheControl: string,
  more: readonly string[] = [],
): PreparedResponse {
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  const headers = ['content-type', type, 'cache-control', cacheControl, 'etag', etag, ...more];
  // One byte a character: node writes such a text and the headers before it in one piece.
  return prepared(text.toString('latin1'), text.length, etag, headers, false);
}

/** The `.info`, `.mod` or `.zip` of a version; undefined if it is not stored. A zip is open then, and not yet read. */
export async function prepareStored(
  store: VersionStore,
  part: Part,
  cacheControl: string = IMMUTABLE,
): Promise<PreparedResponse | undefined> {
  if (part.kind === 'zip') return prepareStoredZip(store, part, cacheControl);
  const text = await store.read(part);
  if (text === undefined || part.kind === 'ziphash') return undefined;
  return prepareText(text, CONTENT_TYPES[part.kind], cacheControl);
}

/** The zip for reads at any position. Throws STORAGE for a store that cannot read so. */
function openZip({ positions }: VersionStore, zip: Part): Promise<OpenPart | undefined> {
  if (positions === undefined) throw new ModhavenError('STORAGE', 'this store cannot read at a position');
  return positions.open(zip);
}

async function prepareStoredZip(
  store: VersionStore,
  zip: Part,
  cacheControl: string,
): Promise<PreparedResponse | undefined> {
  // One after the other: of a zip that is absent no hash is asked for, and one from a bucket brings its hash along.
  const file = await openZip(store, zip);
  if (file === undefined) return undefined;
  const hash = await store.read({ ...zip, kind: 'ziphash' }).catch((error: unknown) => {
    file.close();
    throw error;
  });
  if (hash !== undefined) return prepareZip(zip, file, hash.toString('latin1').trim(), cacheControl);
  file.close();
  throw incomplete(zip, 'was removed from the cache directory');
}

/** A stored zip, which the sender closes. The validator is its `h1:` hash. Throws STORAGE, and closes the file, if it is not a hash. */
export function prepareZip(
  zip: Part,
  file: OpenPart,
  hash: string,
  cacheControl: string = IMMUTABLE,
): PreparedResponse {
  if (!ZIP_HASH.test(hash)) {
    file.close();
    throw incomplete(zip, 'does not hold a hash');
  }
  const etag = `"${hash}"`;
  const headers = ['content-type', CONTENT_TYPES.zip, 'cache-control', cacheControl, 'etag', etag];
  const response = prepared(file, file.size, etag, [...headers, 'accept-ranges', 'bytes'], true);
  return { ...response, accelPath: ACCEL_PREFIX + encodeURI(storedName(zip)) };
}

function incomplete({ module, version }: Part, what: string): ModhavenError {
  return new ModhavenError('STORAGE', `the stored zip of ${module}@${version} is incomplete`, {
    reason: `its .ziphash file ${what}`,
    remedy: 'remove the zip and its .ziphash, so that both are made again',
    remedyBy: 'admin',
  });
}

/** What a `.ziphash` may hold: it becomes part of a header, in which other characters are an error. */
const ZIP_HASH = /^h1:[A-Za-z0-9+/=]{1,88}$/;

/** The stored file that is open as the body of a response. */
export function openPartOf({ body }: PreparedResponse): OpenPart | undefined {
  return typeof body === 'string' || Buffer.isBuffer(body) ? undefined : body;
}

/** The same response with its body in memory. */
export function withBody(response: PreparedResponse, body: Buffer): PreparedResponse {
  return { ...response, body };
}

function prepared(
  body: PreparedResponse['body'],
  size: number,
  etag: string,
  headers: readonly string[],
  hasRanges: boolean,
): PreparedResponse {
  const wholeHeaders = [...headers, 'content-length', String(size)];
  return { body, size, etag, headers, wholeHeaders, hasRanges };
}
