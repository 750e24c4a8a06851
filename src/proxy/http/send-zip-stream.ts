/** Sends a zip while it comes in. Its hash is known at its end only, so there is no validator. */
import type { FastifyReply } from 'fastify';
import type { ZipStream } from '../../modfetch/repo.js';
import { CONTENT_TYPES } from '../../store/version-store.js';
import { STALLED_MS } from './send-response.js';

/** A body that breaks off takes the connection with it: no client can take what came for the whole. */
export function sendZipStream(
  reply: FastifyReply,
  { length, body }: ZipStream,
  cacheControl: string,
): FastifyReply {
  reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
  void reply.header('content-type', CONTENT_TYPES.zip).header('cache-control', cacheControl);
  if (length !== undefined) void reply.header('content-length', length);
  return reply.send(body);
}
