import { expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { FetchJobs } from '../../../src/web/content/fetch-jobs.js';
import { answering } from './modules.js';

const module = parseModulePath('example.com/m');
const INFO = { Version: 'v1.1.0', Time: '2026-01-01T00:00:00Z' };
const known = {
  list: ['v1.0.0', 'v1.1.0'] as const,
  infos: { latest: INFO, 'v1.1.0': INFO },
  mods: { 'v1.1.0': 'module example.com/m\n' },
};

it('brings a version, one phase after the other, once for all who look on', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const jobs = new FetchJobs(answering({ ...known, held }));
  const job = jobs.of(module, 'latest');
  expect(jobs.of(module, 'latest')).toBe(job);
  expect(jobs.running(module, 'latest')).toBe(job);
  expect(job.phases).toEqual([{ name: 'versions', ms: undefined, failed: true }]);
  const told: number[] = [];
  job.watch(() => told.push(job.phases.length));
  release();
  expect(await job.result).toMatchObject({ version: 'v1.1.0', list: ['v1.0.0', 'v1.1.0'], isStale: false });
  expect(job.phases.map(({ name, failed }) => [name, failed])).toEqual([
    ['versions', false],
    ['newest version', false],
    ['go.mod', false],
    ['files', false],
  ]);
  expect(told.length).toBeGreaterThan(6);
  await Promise.resolve();
  expect(jobs.running(module, 'latest')).toBeUndefined();
});

it('keeps a failure for the page that is loaded because of it', async () => {
  const jobs = new FetchJobs(answering({ list: [] }));
  const job = jobs.of(module, 'v9.9.9');
  await expect(job.result).rejects.toThrow('no version v9.9.9');
  expect(job.isRunning).toBe(false);
  expect(jobs.of(module, 'v9.9.9')).toBe(job);
});

it('shows what is stored where only the list or the files cannot be had', async () => {
  const zipError = new ModhavenError('MODULE_INVALID', 'too large');
  const jobs = new FetchJobs(answering({ infos: known.infos, mods: known.mods, zipError }));
  const found = await jobs.of(module, 'v1.1.0').result;
  expect(found).toMatchObject({ list: undefined, isStale: true, zipError });
});
