/**
 * What the audit file gets of requests: each read of a private module, lists included, and each refusal, wrong logins
 * included. Every process appends for itself.
 */
import { appendAudit } from '../../log/audit-file.js';
import type { RefusalReason } from '../gate.js';
import type { Observer, ReplyEvent } from '../observer.js';
import { loggedPath } from '../request-log.js';

const REFUSALS: Readonly<Record<RefusalReason, string>> = {
  'login-needed': 'unauthorized',
  'login-wrong': 'wrong-login',
  'login-ended': 'ended-login',
  guessing: 'guessing',
  forbidden: 'forbidden',
  undecided: 'undecided',
};

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
      const event = eventOf(reply);
      if (target === undefined || event === undefined) return;
      const entry = entryOf(event, reply);
      writing = writing.then(() => appendAudit(target, entry)).catch(onError);
    },
  };
}

function eventOf({ refusal, privateModule, status }: ReplyEvent): string | undefined {
  if (refusal !== undefined) return REFUSALS[refusal];
  return privateModule !== undefined && status < 400 ? 'read' : undefined;
}

function entryOf(event: string, reply: ReplyEvent) {
  const { method, url, status, client, principal, outcome, privateModule, request, requestId } = reply;
  return {
    event,
    principal: principal ?? 'anyone',
    client,
    method,
    path: loggedPath(url),
    module: privateModule ?? outcome?.module,
    version: outcome?.version,
    status,
    userAgent: request.headers['user-agent'],
    requestId,
  };
}
