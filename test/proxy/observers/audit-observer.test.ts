import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { auditObserver } from '../../../src/proxy/observers/audit-observer.js';
import type { ReplyEvent } from '../../../src/proxy/observer.js';
import { tempDir } from '../../support/tmp.js';

const reply: ReplyEvent = {
  method: 'GET',
  url: '/corp.test/x/@v/v1.0.0.zip',
  status: 200,
  ms: 1,
  client: '192.0.2.7',
  principal: 'ann',
  isRestricted: true,
  outcome: { module: 'corp.test/x', version: 'v1.0.0' },
  aborted: false,
  cached: undefined,
  source: undefined,
  bytes: undefined,
};

it('writes reads that needed a right and refusals, for the owner of the file alone', async () => {
  const file = join(await tempDir('audit'), 'audit.jsonl');
  const onError = vi.fn();
  const audit = auditObserver({ file: () => file, onError });
  audit.replied?.(reply);
  audit.replied?.({ ...reply, isRestricted: false });
  audit.replied?.({ ...reply, status: 404 });
  audit.replied?.({ ...reply, status: 403, url: '/-/webhook?secret=x' });
  await vi.waitFor(async () => expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3));
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      event: 'read',
      principal: 'ann',
      client: '192.0.2.7',
      module: 'corp.test/x',
      version: 'v1.0.0',
      status: 200,
    },
    { event: 'forbidden', path: '/-/webhook' },
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(onError).not.toHaveBeenCalled();
});

it('says what stands in the way, and writes nothing where no file is set', async () => {
  const onError = vi.fn();
  auditObserver({ file: () => undefined, onError }).replied?.(reply);
  auditObserver({ file: () => '/proc/nope/audit', onError }).replied?.(reply);
  await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
});
