/**
 * The audit file (`audit:`): one line of JSON for each read that needed a right and for each refusal, wrong logins included.
 * Every process appends for itself; a line is written at once, so lines of several processes do not mix.
 */
import { appendFile } from 'node:fs/promises';
import { loggedPath } from '../request-log.js';
import type { Observer, ReplyEvent } from '../observer.js';

const REFUSALS: Readonly<Record<number, string>> = { 401: 'unauthorized', 403: 'forbidden', 429: 'guessing' };

export interface AuditOptions {
  /** Undefined: nothing is written. */
  file: () => string | undefined;
  /** Told what stood in the way of a line. */
  onError: (error: unknown) => void;
}

export function auditObserver({ file, onError }: AuditOptions): Observer {
  let writing = Promise.resolve();
  return {
    replied(reply) {
      const target = file();
      const event = REFUSALS[reply.status] ?? (reply.isRestricted && reply.status < 400 ? 'read' : undefined);
      if (target === undefined || event === undefined) return;
      const line = `${JSON.stringify(entryOf(event, reply))}\n`;
      writing = writing.then(() => appendFile(target, line, { mode: 0o600 })).catch(onError);
    },
  };
}

function entryOf(event: string, { method, url, status, client, principal, outcome }: ReplyEvent): object {
  return {
    time: new Date().toISOString(),
    event,
    principal,
    client,
    method,
    path: loggedPath(url),
    module: outcome?.module,
    version: outcome?.version,
    status,
  };
}
