/** What a process does with errors that no fence caught: the real thing, in a process of its own. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, type RunResult } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const MODULE = fileURLToPath(new URL('../../build/log/process-faults.js', import.meta.url));

/** A program that keeps serving, and then does `work`; it prints each fault, and `gave up` when it does. */
async function program(work: string): Promise<RunResult> {
  const file = path.join(await tempDir('faults'), 'program.mjs');
  await writeFile(
    file,
    `import { keepServing } from ${JSON.stringify(MODULE)};
     const caught = (error, where) => console.log(where + ': ' + error.message);
     keepServing({ caught }, () => { console.log('gave up'); process.exit(1); });
     ${work}`,
  );
  return run(process.execPath, [file]);
}

it('goes on after an exception and after a rejection, and counts both', async () => {
  const { stdout, code } = await program(`
    setTimeout(() => { throw new Error('thrown'); }, 1);
    setTimeout(() => { void Promise.reject(new Error('rejected')); }, 20);
    setTimeout(() => console.log('still here'), 100);`);
  expect(stdout.split('\n').filter(Boolean)).toEqual(['process: thrown', 'promise: rejected', 'still here']);
  expect(code).toBe(0);
});

it('gives up when faults follow one another', async () => {
  const { stdout, code } = await program(`
    setInterval(() => { throw new Error('again'); }, 1);`);
  const lines = stdout.split('\n').filter(Boolean);
  expect(lines.filter((line) => line === 'process: again')).toHaveLength(21);
  expect(lines.at(-1)).toBe('gave up');
  expect(code).toBe(1);
});
