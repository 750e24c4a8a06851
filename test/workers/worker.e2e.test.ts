/** A worker starts with what V8 made of its program for the last one, as the main process does. */
import { fork } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const PROGRAM = fileURLToPath(new URL('../../dist/workers/worker.js', import.meta.url));

/** Starts a worker, and ends it as a main process that is gone does. */
async function startAndEnd(env: NodeJS.ProcessEnv): Promise<number | null> {
  const worker = fork(PROGRAM, { silent: true, env });
  const exit = new Promise<number | null>((resolve) => worker.once('exit', resolve));
  await Promise.race([exit, new Promise((resolve) => worker.once('message', resolve))]);
  if (worker.connected) worker.disconnect();
  return exit;
}

it('keeps compiled code for the next, in files of its own', async () => {
  const caches = await tempDir('caches');
  const env = sealedEnv({ XDG_CACHE_HOME: caches, HOME: caches });
  expect(await startAndEnd(env)).toBe(0);
  const [folder = '', ...others] = await readdir(path.join(caches, 'modhaven'));
  expect([folder, others]).toEqual([expect.stringMatching(/-worker$/), []]);
  const kept = async () => readdir(path.join(caches, 'modhaven', folder), { recursive: true });
  const first = await kept();
  expect(first.length).toBeGreaterThan(3);
  expect(await startAndEnd(env)).toBe(0);
  expect(await kept()).toEqual(first);
});
