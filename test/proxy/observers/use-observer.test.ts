import { expect, it, vi } from 'vitest';
import type { ReplyEvent } from '../../../src/proxy/observer.js';
import { noteUses } from '../../../src/proxy/observers/use-observer.js';

const reply: ReplyEvent = {
  method: 'GET',
  url: '/corp.test/x/@v/v1.0.0.zip',
  status: 200,
  ms: 1,
  client: undefined,
  principal: 'anyone',
  isRestricted: false,
  outcome: { module: 'corp.test/x', version: 'v1.0.0' },
  aborted: false,
  cached: undefined,
  source: undefined,
  bytes: undefined,
};

it('notes each version a client was given, and nothing else', () => {
  const note = vi.fn();
  const observer = noteUses({ note });
  observer.replied?.(reply);
  observer.replied?.({ ...reply, status: 304 });
  observer.replied?.({ ...reply, status: 404 });
  observer.replied?.({ ...reply, outcome: { module: 'corp.test/x' } });
  observer.replied?.({ ...reply, outcome: undefined });
  expect(note.mock.calls).toEqual([
    ['corp.test/x', 'v1.0.0'],
    ['corp.test/x', 'v1.0.0'],
  ]);
});
