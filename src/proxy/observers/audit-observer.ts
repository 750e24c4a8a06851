/**
 * What the audit file gets of requests: each read of a private module, lists included, and each refusal, wrong logins
 * included. Every process appends for itself.
 */
import { auditLine } from '../../log/audit-file.js';
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
  /** Whether lines are wanted. */
  isOn: () => boolean;
  /** Takes a line, its line end included. */
  write: (line: string) => void;
}

export function auditObserver({ isOn, write }: AuditOptions): Observer {
  return {
    replied(reply) {
      const event = isOn() ? eventOf(reply) : undefined;
      if (event !== undefined) write(auditLine(entryOf(event, reply)));
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
