/** The log in a process of its own, which is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { memoryLog } from '../format/leaves.js';
import { expectWholeLog, logLab, records } from './log-lab.js';

it('a crash by kill -9, again and again, loses nothing that was answered', async () => {
  const lab = await logLab();
  const truth = await memoryLog(records(0, 256));
  const keyFile = `${lab.witnessFile}.key`;
  await writeFile(keyFile, lab.signerKey, { mode: 0o600 });
  let answered = 0;
  for (let round = 0; round < 15; round += 1) {
    // Killed after another number of answers each time, at whatever step it is at that moment.
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('testdata/appender.mjs', import.meta.url)), lab.dir, lab.witnessFile, keyFile],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout });
    let seen = 0;
    for await (const line of lines) {
      answered = Math.max(answered, Number(line) + 1);
      seen += 1;
      if (seen === 5 + 4 * round) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    const log = lab.open();
    expect(log.size()).toBeGreaterThanOrEqual(answered);
    await expectWholeLog(log, log.size(), truth);
  }
  expect(answered).toBeGreaterThan(256);
});
