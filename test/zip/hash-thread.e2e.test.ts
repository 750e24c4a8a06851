/** The thread that hashes zips, asked as `zip-hasher.ts` asks it. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HashReply, HashRequest } from '../../src/zip/hash-thread.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion } from '../support/stores/versions.js';

let thread: Worker;
beforeAll(() => {
  thread = new Worker(fileURLToPath(new URL('../../dist/zip/hash-thread.js', import.meta.url)));
});
afterAll(async () => {
  await thread.terminate();
});

async function ask(request: HashRequest): Promise<HashReply> {
  thread.postMessage(request);
  const [reply] = (await once(thread, 'message')) as [HashReply];
  return reply;
}

it('says the hash of a zip, what is wrong with one, and why one cannot be read', async () => {
  const dir = await tempDir('zips');
  const { zip, hash } = await makeVersion('example.com/m', 'v1.0.0');
  const good = path.join(dir, 'good.zip');
  const cut = path.join(dir, 'cut.zip');
  await writeFile(good, zip);
  await writeFile(cut, zip.subarray(0, -30));
  expect(await ask({ id: 1, file: good })).toEqual({ id: 1, verdict: { hash } });
  expect(await ask({ id: 2, file: cut })).toMatchObject({
    id: 2,
    verdict: { problem: expect.any(String) as string },
  });
  expect(await ask({ id: 3, file: path.join(dir, 'none.zip') })).toMatchObject({
    id: 3,
    failure: { code: 'ENOENT', syscall: 'open' },
  });
});
