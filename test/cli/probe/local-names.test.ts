import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { localNames } from '../../../src/cli/probe/local-names.js';
import { tempDir } from '../../support/tmp.js';

it('finds what may stand for the name, sorted, and at most twenty', async () => {
  const dir = await tempDir('local-names');
  for (const name of ['b.git', 'a.git', 'notes', '.git']) await mkdir(join(dir, name));
  expect(await localNames(join(dir, '{name}.git'))).toEqual(['a', 'b']);
  for (let index = 0; index < 30; index += 1) await mkdir(join(dir, `more-${index}`));
  expect(await localNames(join(dir, 'more-{name}'))).toHaveLength(20);
});

it('has nothing for other patterns', async () => {
  expect(await localNames('/nowhere/{name}.git')).toEqual([]);
  expect(await localNames('/srv/{name}/repo.git')).toEqual([]);
  expect(await localNames('/srv/repo.git')).toEqual([]);
});
