/** Answers with files and small texts the way HTTP wants them: validators, ranges, lengths, lifetimes. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { ModhavenError } from '../errors.js';
import type { Part, VersionStore } from './version-store.js';

export const CONTENT_TYPES = {
  list: 'text/plain; charset=utf-8',
  info: 'application/json',
  mod: 'text/plain; charset=utf-8',
  zip: 'application/zip',
} as const;

/** For what never changes (a version that was served). */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** For what may have changed a minute later (lists, branches). */
export const SHORT = 'public, max-age=10';

/** Sends a text that is held in memory. */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer,
  type: string,
  cacheControl: string,
): FastifyReply {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  void reply.header('content-type', type).header('cache-control', cacheControl).header('etag', etag);
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.header('content-length', body.length).send(request.method === 'HEAD' ? undefined : body);
}

/** Sends a stored zip, or the range of it that was asked for. Its `h1:` hash is the validator. */
export async function sendZip(
  request: FastifyRequest,
  reply: FastifyReply,
  store: VersionStore,
  zip: Part,
): Promise<FastifyReply> {
  const [size, hash] = await Promise.all([store.size(zip), store.read({ ...zip, kind: 'ziphash' })]);
  if (size === undefined || hash === undefined)
    throw new ModhavenError('STORAGE', `the stored zip of ${zip.module}@${zip.version} is incomplete`, {
      reason: 'the zip or its .ziphash file was removed from the cache directory',
      remedy: 'remove both files, so that they are made again',
    });
  const etag = `"${hash.toString('latin1').trim()}"`;
  void reply.header('etag', etag).header('cache-control', IMMUTABLE).header('accept-ranges', 'bytes');
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();

  const range = rangeOf(request, size, etag);
  if (range === 'unsatisfiable')
    return reply
      .code(416)
      .header('cache-control', 'no-store')
      .header('content-range', `bytes */${size}`)
      .header('content-length', 0)
      .send();
  void reply.header('content-type', CONTENT_TYPES.zip);
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range !== undefined) void reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  void reply.header('content-length', end - start + 1);
  return reply.send(request.method === 'HEAD' ? undefined : store.open(zip, { start, end }));
}

/** One range, or undefined for the whole: several at once, or of another copy, are not worth their complications. */
function rangeOf(
  request: FastifyRequest,
  size: number,
  etag: string,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = request.headers;
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, range, { combine: true });
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

/** Whether If-None-Match names `etag` (RFC 9110: weak comparison). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((item) => ['*', etag].includes(item.trim().replace(/^W\//, '')));
}
