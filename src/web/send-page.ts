/** Sends what the pages consist of, with the headers that keep a browser from doing anything else with it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { TrustProxy } from '../proxy/http/client-address.js';
import { prepareText } from '../proxy/http/responses.js';
import { sendResponse } from '../proxy/http/send-response.js';

/** Nothing runs, and nothing is loaded, but what this server itself serves; no other page may frame it. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A picture of a module is not trusted: opened by itself, it may do nothing at all. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const COMMON = [
  ...['x-content-type-options', 'nosniff'],
  // The names of private modules are in the addresses of pages.
  ...['referrer-policy', 'same-origin'],
  ...['cross-origin-opener-policy', 'same-origin'],
  ...['cross-origin-resource-policy', 'same-origin'],
];

/** A page is made for its visitor, and asked for anew each time; `ETag` spares sending it again. */
const FOR_VISITOR = 'private, no-cache';

export interface SendContext {
  request: FastifyRequest;
  reply: FastifyReply;
  trusts: TrustProxy;
  /** The path below which a web server in front has this one (of `public_url`), without a slash at the end; mostly ''. */
  prefix: string;
}

/** Sends a page. `status` other than 200 is sent without a validator. */
export function sendPage(context: SendContext, page: VNode, status = 200): FastifyReply {
  const html = `<!DOCTYPE html>\n${withPrefix(renderToString(page), context.prefix)}\n`;
  return send(context, Buffer.from(html), 'text/html; charset=utf-8', status, FOR_VISITOR, PAGE_POLICY);
}

/**
 * Addresses within this server, below `prefix`. Texts hold no quotation marks once they are HTML, so what looks like an
 * attribute is one.
 */
export function withPrefix(html: string, prefix: string): string {
  if (prefix === '') return html;
  return html.replace(
    / (href|src|action|data-phases)="\/(?!\/)/g,
    (_match, name) => ` ${String(name)}="${prefix}/`,
  );
}

/** Sends JSON or lines of it, for this visitor. */
export function sendData(context: SendContext, type: string, text: string): FastifyReply {
  return send(context, Buffer.from(text), type, 200, FOR_VISITOR, PAGE_POLICY);
}

/** Sends a picture out of a zip. */
export function sendPicture(context: SendContext, type: string, bytes: Buffer): FastifyReply {
  return send(context, bytes, type, 200, 'private, max-age=3600', PICTURE_POLICY);
}

/** Sends a file that belongs to the pages. */
export function sendAsset(
  context: SendContext,
  type: string,
  bytes: Buffer,
  isPinned: boolean,
): FastifyReply {
  const cacheControl = isPinned ? 'public, max-age=31536000, immutable' : 'public, max-age=60';
  return send(context, bytes, type, 200, cacheControl, PAGE_POLICY);
}

function send(
  { request, reply, trusts }: SendContext,
  bytes: Buffer,
  type: string,
  status: number,
  cacheControl: string,
  policy: string,
): FastifyReply {
  const headers = [...COMMON, 'content-security-policy', policy, 'vary', 'Accept, Authorization'];
  if (status === 200) {
    sendResponse(request.raw, reply.raw, prepareText(bytes, type, cacheControl, headers), trusts);
    return reply.hijack();
  }
  for (let i = 0; i < headers.length; i += 2) void reply.header(headers[i] ?? '', headers[i + 1] ?? '');
  return reply.code(status).type(type).header('cache-control', 'no-store').send(bytes);
}
