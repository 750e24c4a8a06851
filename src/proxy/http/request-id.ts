/**
 * Ids of requests: each line of the log that a request causes has the id of that request, as does each error text, so that
 * a developer who reports an error names the lines that explain it.
 *
 * A trusted proxy in front may give the id (`X-Request-Id`), so that its log and ours name a request alike. A worker hands
 * its own on to the main process the same way.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TrustProxy } from './client-address.js';

/** In lower case, as Node has it. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** What an id from outside may be: short, and nothing that a line of a log or a header could misread. */
const PLAIN_ID = /^[\w.:/+=@-]{1,64}$/;

/** Tells the ids of this process from those of others, also of the one before it. */
const PROCESS = randomBytes(4).toString('hex').slice(0, 6);

/** Begins where ids have as many digits for long: what is said about one request is as long as about the next. */
let last = 99_999;

interface NamedRequest extends IncomingMessage {
  requestId?: string;
}

/** The id of a request; it is made when it is first asked for, which most requests cost nothing but a number. */
export function requestIdOf(request: IncomingMessage): string {
  return ((request as NamedRequest).requestId ??= `${PROCESS}-${(last += 1)}`);
}

/** Takes the id that a trusted proxy gave, if it gave one. Before anybody asks for the id; only for `entrance.ts`. */
export function takeRequestId(request: IncomingMessage, trusts: TrustProxy): void {
  const given = request.headers[REQUEST_ID_HEADER];
  if (given === undefined || !trusts(request.socket.remoteAddress)) return;
  if (typeof given === 'string' && PLAIN_ID.test(given)) (request as NamedRequest).requestId = given;
}
