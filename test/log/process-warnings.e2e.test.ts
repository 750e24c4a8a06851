/** Warnings of Node in the log of a real server: of its main process and of its workers. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../support/ask.js';
import { startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const warned = z.object({
  level: z.literal('warn'),
  warning: z.literal('DeprecationWarning'),
  code: z.literal('TEST01'),
  msg: z.string(),
});

it('has a line for each warning of each process, and no plain text beside them', async () => {
  const hook = path.join(await tempDir('warnings'), 'warn.mjs');
  await writeFile(
    hook,
    `setInterval(() => {
      const text = 'an old call of https://me:s3cret@git.corp.test/x, pid ' + process.pid;
      process.emitWarning(text, { type: 'DeprecationWarning', code: 'TEST01' });
    }, 100).unref();`,
  );
  await using server = await startServer({
    config: { workers: 2 },
    env: { NODE_OPTIONS: `--import ${hook}` },
  });
  // What is said before a log is open is not meant here.
  const start = server.logs().length;
  const lines = () => server.logs().slice(start).split('\n').slice(1, -1);
  const warnings = () => lines().filter((line) => line.includes('an old call'));
  const processes = () => new Set(warnings().map((line) => /pid \d+/.exec(line)?.[0]));
  await until(processes, ({ size }) => size === 3);
  expect(processes().size).toBe(3);
  for (const line of warnings()) {
    expect(warned.parse(JSON.parse(line)).msg).not.toContain('s3cret');
  }
});
