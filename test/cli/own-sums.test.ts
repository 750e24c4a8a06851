import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ownSums } from '../../src/cli/own-sums.js';
import { parseConfig } from '../../src/config/load-config.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { generateKey } from '../../src/sumdb/format/note.js';
import { openOwnDatabase } from '../../src/sumdb/log/own-database.js';
import { NAME, record } from '../sumdb/log/log-lab.js';
import { tempDir } from '../support/tmp.js';

const module = parseModulePath('ex.test/mod');

it('knows nothing without a database, and what it recorded with one', async () => {
  const dir = await tempDir('own-sums');
  expect(await ownSums(parseConfig('', join(dir, 'modhaven.yaml'), {}))(module, 'v1.0.0')).toEqual([]);
  const keyFile = join(dir, 'key');
  await writeFile(keyFile, generateKey(NAME).signerKey, { mode: 0o600 });
  const config = parseConfig(
    `sumdb: { name: ${NAME}, key_file: ${keyFile} }\n`,
    join(dir, 'modhaven.yaml'),
    {},
  );
  if (config.sumdb === undefined) throw new Error('it is configured');
  const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  await (await openOwnDatabase(config.cacheDir, config.sumdb, logger).log()).append(record(0));
  expect(await ownSums(config)(module, 'v1.0.0')).toMatchObject([
    { kind: 'zip', place: NAME },
    { kind: 'mod', place: NAME },
  ]);
  expect(await ownSums(config)(module, 'v9.0.0')).toEqual([]);
});
