import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { auditObserver } from '../../../src/proxy/observers/audit-observer.js';
import { tempDir } from '../../support/tmp.js';
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

it('writes private reads and refusals, with or without a right that was needed', async () => {
  const file = join(await tempDir('audit'), 'audit.jsonl');
  const onError = vi.fn();
  const audit = auditObserver({ file: () => file, onError });
  audit.replied?.(reply);
  audit.replied?.({ ...reply, principal: undefined, isRestricted: false });
  audit.replied?.({ ...reply, privateModule: undefined });
  audit.replied?.({ ...reply, status: 404 });
  audit.replied?.({ ...reply, status: 403, refusal: 'forbidden' });
  audit.replied?.({ ...reply, status: 401, refusal: 'login-wrong', principal: undefined });
  const url = '/-/webhook?secret=x';
  audit.replied?.({ ...reply, status: 429, refusal: 'guessing', privateModule: undefined, url });
  await expect.poll(async () => (await readFile(file, 'utf8')).split('\n')).toHaveLength(6);
  const text = await readFile(file, 'utf8');
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
  expect(onError).not.toHaveBeenCalled();
});

it('says what stands in the way, and writes nothing where no file is set', async () => {
  const onError = vi.fn();
  auditObserver({ file: () => undefined, onError }).replied?.(reply);
  auditObserver({ file: () => '/proc/nope/audit', onError }).replied?.(reply);
  await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 20_000);
});
