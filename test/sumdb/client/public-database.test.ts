import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import type { ChecksumDatabases } from '../../../src/sumdb/databases.js';
import { publicDatabase } from '../../../src/sumdb/client/public-database.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { goSumLines } from '../../../src/sumdb/format/record.js';
import { tempDir } from '../../support/tmp.js';
import { answerOf, memoryLog, type MemoryLog } from '../format/leaves.js';

const signer = parseSignerKey(generateKey('sum.ex.test').signerKey);
const SUMS = {
  zip: `h1:${Buffer.alloc(32, 1).toString('base64')}`,
  mod: `h1:${Buffer.alloc(32, 2).toString('base64')}`,
};
let log: MemoryLog;
beforeAll(async () => {
  log = await memoryLog([goSumLines('ex.test/m', 'v1.0.0', SUMS)]);
});

it('proves what another passes on, and keeps the newest tree below the name of the database', async () => {
  const asked: string[] = [];
  const through = {
    get: async (name: string, path: string) => {
      asked.push(`${name} ${path}`);
      const body = await answerOf(log, signer, path, 0);
      return { body: body ?? Buffer.alloc(0) };
    },
  } as unknown as ChecksumDatabases;
  const dir = await tempDir('public');
  const database = publicDatabase({ verifier: signer.verifier, through, dir, log: { error: vi.fn() } });
  expect(await database.lookup(parseModulePath('ex.test/m'), 'v1.0.0')).toMatchObject(SUMS);
  expect(asked[0]).toBe('sum.ex.test lookup/ex.test/m@v1.0.0');
  expect(
    (await readFile(join(dir, 'sum.ex.test/latest'), 'utf8')).startsWith('go.sum database tree\n1\n'),
  ).toBe(true);
});
