import { mkdir, readFile } from 'node:fs/promises';
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
