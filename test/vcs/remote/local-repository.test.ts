import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { whyNotAbsent } from '../../../src/vcs/remote/local-repository.js';
import { tempDir } from '../../support/tmp.js';

it.each<[string, (path: string) => Promise<unknown>]>([
  ['nothing is there', () => Promise.resolve()],
  ['a folder of something else is there', (path) => mkdir(join(path, 'docs'), { recursive: true })],
  ['a file is in the way', (path) => writeFile(path, 'x')],
])('knows that there is no repository where %s', async (_name, make) => {
  const path = join(await tempDir('local'), 'x');
  await make(path);
  expect(await whyNotAbsent(path)).toBeUndefined();
});

it.each<[string, (path: string) => Promise<unknown>, RegExp]>([
  ['objects are there', (path) => mkdir(join(path, 'objects'), { recursive: true }), /damaged/],
  ['it is in .git', (path) => mkdir(join(path, '.git/objects'), { recursive: true }), /damaged/],
  ['it has the usual ending', (path) => mkdir(`${path}.git/objects`, { recursive: true }), /damaged/],
  ['the system does not say', (path) => symlink(path, path), /ELOOP/],
])('does not take one for absent where %s', async (_name, make, reason) => {
  const path = join(await tempDir('local'), 'x');
  await make(path);
  expect(await whyNotAbsent(path)).toMatch(reason);
});
