/** What an observer is told, for tests of observers. */
import type { ReplyEvent } from '../../../src/proxy/observer.js';

/** The reply to a GET, a success that says nothing special. */
export function replyEvent(event: Partial<ReplyEvent> = {}): ReplyEvent {
  return {
    requestId: 'abc123-1',
    request: { httpVersion: '1.1', headers: {} },
    method: 'GET',
    url: '/x',
    status: 200,
    ms: 1,
    client: undefined,
    principal: 'anyone',
    isRestricted: false,
    outcome: undefined,
    source: undefined,
    bytes: undefined,
    aborted: false,
    cached: undefined,
    ...event,
  };
}
