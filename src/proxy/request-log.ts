/**
 * The request log: an observer that writes one line for each reply. That of a response from memory is put together from
 * parts made once.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { redact } from '../redact.js';
import { ANYONE } from './gate.js';
import type { Observer, ReplyEvent } from './observer.js';
import type { CachedResponse, Outcome } from './response-cache.js';

/** `writeLine` takes a finished line of JSON, its line end included; without it every line goes through `log`. */
export function createRequestLog(log: Logger, writeLine?: (line: string) => void): Observer {
  return {
    replied(reply) {
      const { cached, aborted, refusal } = reply;
      if (writeLine === undefined || cached === undefined || aborted || refusal !== undefined) {
        writeFields(log, reply);
      } else if (log.isLevelEnabled('info')) {
        writeLine(lineOf(reply, cached));
      }
    },
  };
}

function writeFields(log: Logger, reply: ReplyEvent): void {
  const { method, url, outcome, status, ms, client, principal, aborted, requestId } = reply;
  const userAgent = reply.request.headers['user-agent'];
  const line = {
    method,
    path: loggedPath(url),
    ...(outcome && { module: outcome.module, version: outcome.version, cache: outcome.cache }),
    status,
    ms: Math.round(ms),
    client,
    ...(principal !== undefined && principal !== ANYONE.name && { principal }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, MAX_AGENT) }),
    ...(aborted && { aborted }),
    requestId,
  };
  if (url.startsWith('/-/')) log.debug(line, 'request');
  else log.info(line, 'request');
}

function lineOf(
  { method, url, status, ms, client, principal, request, requestId }: ReplyEvent,
  cached: CachedResponse,
): string {
  const userAgent = request.headers['user-agent'];
  cached.logged ??= partsOf(url, cached.outcome);
  const from = client === undefined ? '' : `,"client":${quoted(client)}`;
  const who = principal === undefined || principal === ANYONE.name ? '' : `,"principal":${wordOf(principal)}`;
  const agent = userAgent === undefined ? '' : `,"userAgent":${wordOf(userAgent.slice(0, MAX_AGENT))}`;
  return (
    `{"level":"info","time":"${isoTime()}","method":"${method}",${cached.logged},` +
    `"status":${status},"ms":${Math.round(ms)}${from}${who}${agent},"requestId":"${requestId}","msg":"request"}\n`
  );
}

/** Below `/-/` without the query, which may hold the secret of a webhook. */
export function loggedPath(url: string): string {
  return url.startsWith('/-/') ? (url.split('?', 1)[0] ?? '') : url;
}

function partsOf(url: string, { module, version, cache = 'hit' }: Outcome): string {
  const fields = { path: url, module, version, cache };
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, redact(value)]],
  );
  return JSON.stringify(Object.fromEntries(texts)).slice(1, -1);
}

/** An address as the system writes it needs neither quoting nor redaction; a header may say anything. */
function quoted(client: string): string {
  return /^[\d.:a-f]{1,45}$/.test(client) ? `"${client}"` : JSON.stringify(redact(client));
}

/** Characters of a user agent that are logged. */
const MAX_AGENT = 200;

/** Names and user agents as they stand in a line: there are few, and each stands in many. */
const words = new LRUCache<string, string>({ max: 200 });

function wordOf(text: string): string {
  let word = words.get(text);
  if (word === undefined) words.set(text, (word = JSON.stringify(redact(text))));
  return word;
}

let lastMs = 0;
let lastIso = '';

/** The time of now as ISO text, made once a millisecond. */
function isoTime(): string {
  const ms = Date.now();
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = new Date(ms).toISOString();
  }
  return lastIso;
}
