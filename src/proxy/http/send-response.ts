/** Sends a prepared response the way HTTP wants it: validators, HEAD, ranges, lengths. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import parseRange from 'range-parser';
import type { TrustProxy } from './client-address.js';
import { openPartOf, type PreparedResponse } from './responses.js';
import { sendPart } from './send-part.js';
import { noteSentBytes } from './sent-bytes.js';
import type { ByteRange } from '../../store/version-store.js';

/** Bodies from this size on take time to send, in bytes. */
const LARGE = 256 * 1024;

/** A client that takes nothing for so long has gone, in milliseconds. */
export const STALLED_MS = 5 * 60_000;

/**
 * Answers a GET or HEAD. The headers are sent when it returns, the body is on its way. What is prepared is released in any
 * case, also when it throws.
 */
export function sendResponse(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedResponse,
  trusts: TrustProxy,
): void {
  let isSending = false;
  try {
    // The client may have left while the response was made.
    if (!response.destroyed) isSending = send(request, response, prepared, trusts);
  } finally {
    if (!isSending) openPartOf(prepared)?.close();
  }
}

/** Whether the body is being sent, and releases itself. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedResponse,
  trusts: TrustProxy,
): boolean {
  const { headers, method } = request;
  if (isKnown(headers['if-none-match'], prepared.etag)) {
    response.writeHead(304, prepared.headers as string[]).end();
    return false;
  }
  if (prepared.accelPath !== undefined && sendsFiles(request, trusts)) {
    // An empty body that says its length: after one in chunks nginx would close the connection for a redirect.
    const located = ['x-accel-redirect', prepared.accelPath, 'content-length', '0'];
    response.writeHead(200, [...prepared.headers, ...located]).end();
    return false;
  }
  // A HEAD has no part of a body to ask for (RFC 9110, 14.2).
  const range = prepared.hasRanges && method === 'GET' ? rangeOf(request, prepared) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, unsatisfiableHeaders(prepared)).end();
    return false;
  }
  if (range === undefined) response.writeHead(200, prepared.wholeHeaders as string[]);
  else response.writeHead(206, [...prepared.headers, ...partHeaders(range, prepared.size)]);
  if (method === 'HEAD') {
    response.end();
    return false;
  }
  sendBody(response, prepared, range);
  return true;
}

function unsatisfiableHeaders({ etag, size }: PreparedResponse): string[] {
  const range = ['content-range', `bytes */${size}`, 'content-length', '0'];
  return ['etag', etag, 'cache-control', 'no-store', 'accept-ranges', 'bytes', ...range];
}

function sendBody(response: ServerResponse, { body, size }: PreparedResponse, range?: ByteRange): void {
  noteSentBytes(response, range === undefined ? size : range.end - range.start + 1);
  if (size >= LARGE) response.setTimeout(STALLED_MS, () => response.destroy());
  if (typeof body === 'string') {
    response.end(body, 'latin1');
  } else if (Buffer.isBuffer(body)) {
    response.end(range === undefined ? body : body.subarray(range.start, range.end + 1));
  } else {
    sendPart(response, body, range ?? { start: 0, end: size - 1 });
  }
}

/** Whether a proxy in front offers to send the file itself (X-Accel-Redirect), and may be told where it is. */
function sendsFiles({ headers, socket }: IncomingMessage, trusts: TrustProxy): boolean {
  return headers['x-sendfile-type'] === 'X-Accel-Redirect' && trusts(socket.remoteAddress);
}

function partHeaders({ start, end }: ByteRange, size: number): string[] {
  return ['content-range', `bytes ${start}-${end}/${size}`, 'content-length', String(end - start + 1)];
}

/** One range, or undefined for the whole: several at once, or of another copy, are not worth their complications. */
function rangeOf(
  { headers: { range, 'if-range': ifRange } }: IncomingMessage,
  { size, etag }: PreparedResponse,
): ByteRange | 'unsatisfiable' | undefined {
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, range, { combine: true });
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

/** Whether If-None-Match names `etag` (RFC 9110: weak comparison). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((item) => ['*', etag].includes(item.trim().replace(/^W\//, '')));
}
