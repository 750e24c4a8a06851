import { appendFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { replaceFile } from '../../src/fs/durable-file.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { EvictedReleases } from '../../src/store/evicted-releases.js';
import { tempDir } from '../support/tmp.js';

const module = parseModulePath('corp.test/lib');
let file: string;
let releases: EvictedReleases;
beforeEach(async () => {
  file = path.join(await tempDir('evicted'), '@sums');
  releases = new EvictedReleases(() => file);
});

it('has no lines where there is no file, and again once it is gone', async () => {
  expect(releases.of(module).size).toBe(0);
  await writeFile(file, 'evicted v1.0.0 h1:x -\n');
  expect(releases.of(module).get('v1.0.0')).toBe('evicted v1.0.0 h1:x -');
  await rm(file);
  expect(releases.of(module).size).toBe(0);
});

it('follows a file that grows, also where a line comes in two pieces', async () => {
  await writeFile(file, 'mod v1.0.0 h1:m\nevicted v1.1.0 h1:a -\n');
  expect([...releases.of(module).keys()]).toEqual(['v1.1.0']);
  await appendFile(file, 'info v1.2.0 x\nevicted v1.3.0 h1:');
  expect(releases.of(module).get('v1.1.0')).toBe('evicted v1.1.0 h1:a -');
  await appendFile(file, 'whole h1:m\nevicted v1.1.0 h1:newer -\n');
  expect(releases.of(module).get('v1.3.0')).toBe('evicted v1.3.0 h1:whole h1:m');
  expect(releases.of(module).get('v1.1.0')).toBe('evicted v1.1.0 h1:newer -');
});

it('reads a file that took the place of another from its beginning', async () => {
  await writeFile(file, 'evicted v1.0.0 h1:x -\n');
  expect(releases.of(module).size).toBe(1);
  await replaceFile(file, 'evicted v2.0.0 h1:y -\nevicted v3.0.0 h1:z -\n');
  expect([...releases.of(module).keys()]).toEqual(['v2.0.0', 'v3.0.0']);
});

it('has no lines where nothing can be read', () => {
  expect(new EvictedReleases(() => '\0').of(module).size).toBe(0);
});
