import { expect, it, vi } from 'vitest';
import { noteUses } from '../../../src/proxy/observers/use-observer.js';
import { replyEvent } from '../support/reply-event.js';

const reply = replyEvent({ outcome: { module: 'corp.test/x', version: 'v1.0.0' } });

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
