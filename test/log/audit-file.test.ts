import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accountName, appendAudit } from '../../src/log/audit-file.js';
import { tempDir } from '../support/tmp.js';

it('appends whole lines, for the owner of the file alone, whatever its rights were', async () => {
  const file = join(await tempDir('audit'), 'audit.jsonl');
  await writeFile(file, '{"event":"older"}\n');
  await chmod(file, 0o644);
  await Promise.all(['a', 'b', 'c'].map((event) => appendAudit(file, { event, name: 'line\nend' })));
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { event: string; time?: string; name?: string });
  expect(entries.map(({ event }) => event).sort()).toEqual(['a', 'b', 'c', 'older']);
  expect(entries.at(-1)).toMatchObject({
    name: 'line\nend',
    time: expect.stringMatching(/^\d{4}-/) as string,
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('makes the file with these rights', async () => {
  const file = join(await tempDir('audit'), 'audit.jsonl');
  await appendAudit(file, { event: 'first' });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(appendAudit('/proc/nope/audit', { event: 'x' })).rejects.toThrow();
});

it('names the account', () => {
  expect(accountName()).not.toBe('');
});
