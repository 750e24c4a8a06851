import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { requestRecords } from '../../../src/proxy/observers/request-records.js';
import { tempDir } from '../../support/tmp.js';
import { replyEvent } from '../support/reply-event.js';

it('writes a request into each file that is wanted at the time, and says what cannot be written', async () => {
  const dir = await tempDir('records');
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) });
  const files: { auditFile: string | undefined; accessLogFile: string | undefined } = {
    auditFile: path.join(dir, 'audit.jsonl'),
    accessLogFile: path.join(dir, 'access.log'),
  };
  const observers = requestRecords({ log, writeLine: undefined, files: () => files });
  const reply = replyEvent({ url: '/corp.test/x/@v/list', privateModule: 'corp.test/x' });
  const tell = () => observers.forEach((observer) => observer.replied?.(reply));
  tell();
  await vi.waitFor(async () => {
    expect(await readFile(path.join(dir, 'audit.jsonl'), 'utf8')).toContain('"event":"read"');
    expect(await readFile(path.join(dir, 'access.log'), 'utf8')).toContain('/corp.test/x/@v/list');
  }, 20_000);
  expect(lines.map(({ msg }) => msg)).toEqual(['request']);

  expect((await stat(files.auditFile ?? '')).mode & 0o777).toBe(0o600);

  files.auditFile = undefined;
  files.accessLogFile = path.join(dir, 'folder');
  await mkdir(files.accessLogFile);
  tell();
  await vi.waitFor(
    () =>
      expect(lines.map(({ msg }) => msg)).toEqual(['request', 'request', 'the access log cannot be written']),
    20_000,
  );
});

it('holds a few megabytes of lines while the audit file takes none, and says how many were lost', async () => {
  const file = path.join(await tempDir('records'), 'audit.jsonl');
  const told: object[] = [];
  const log = pino(
    { level: 'warn' },
    { write: (line: string) => void told.push(JSON.parse(line) as object) },
  );
  const files = () => ({ auditFile: file, accessLogFile: undefined });
  const observers = requestRecords({ log, writeLine: undefined, files });
  const request = { httpVersion: '1.1', headers: { 'user-agent': 'x'.repeat(8_000) } };
  const reply = replyEvent({ url: '/corp.test/x/@v/list', privateModule: 'corp.test/x', request });
  const count = 2_000;
  for (let i = 0; i < count; i++) observers.forEach((observer) => observer.replied?.(reply));
  await vi.waitFor(() => expect(told).toHaveLength(1), 20_000);
  const kept = (await readFile(file, 'utf8')).split('\n').length - 1;
  expect(kept).toBeLessThan(1_200);
  expect(told).toMatchObject([
    { msg: 'the audit file is written again: lines are missing', lines: count - kept },
  ]);
});
