import { expect, it } from 'vitest';
import { auditObserver } from '../../../src/proxy/observers/audit-observer.js';
import { replyEvent } from '../support/reply-event.js';

const reply = replyEvent({
  url: '/corp.test/x/@v/v1.0.0.zip',
  client: '192.0.2.7',
  principal: 'ann',
  isRestricted: true,
  privateModule: 'corp.test/x',
  request: { httpVersion: '1.1', headers: { 'user-agent': 'Go-http-client/1.1' } },
  outcome: { module: 'corp.test/x', version: 'v1.0.0' },
});

it('writes private reads and refusals, with or without a right that was needed', () => {
  let text = '';
  const audit = auditObserver({ isOn: () => true, write: (line) => (text += line) });
  audit.replied?.(reply);
  audit.replied?.({ ...reply, principal: undefined, isRestricted: false });
  audit.replied?.({ ...reply, privateModule: undefined });
  audit.replied?.({ ...reply, status: 404 });
  audit.replied?.({ ...reply, status: 403, refusal: 'forbidden' });
  audit.replied?.({ ...reply, status: 401, refusal: 'login-wrong', principal: undefined });
  const url = '/-/webhook?secret=x';
  audit.replied?.({ ...reply, status: 429, refusal: 'guessing', privateModule: undefined, url });
  const whose = {
    client: '192.0.2.7',
    module: 'corp.test/x',
    userAgent: 'Go-http-client/1.1',
    requestId: 'abc123-1',
  };
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { event: 'read', principal: 'ann', version: 'v1.0.0', status: 200, ...whose },
    { event: 'read', principal: 'anyone' },
    { event: 'forbidden', principal: 'ann', ...whose },
    { event: 'wrong-login', principal: 'anyone', ...whose },
    { event: 'guessing', path: '/-/webhook' },
  ]);
  expect(text).not.toContain('secret');
});

it('makes no line where none is wanted', () => {
  auditObserver({ isOn: () => false, write: () => expect.fail() }).replied?.(reply);
});
