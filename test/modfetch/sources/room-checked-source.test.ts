import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { ModhavenError } from '../../../src/errors.js';
import { DiskWatch } from '../../../src/fs/disk-watch.js';
import type { ModuleSource, ZipTarget } from '../../../src/modfetch/repo.js';
import { RoomCheckedSource } from '../../../src/modfetch/sources/room-checked-source.js';

const MODULE = parseModulePath('corp.test/lib');
const DISK = new DiskWatch('/nonexistent');

/** What it asks of the home when there is room, or none. */
async function asked(hasRoom: boolean, ask: (source: ModuleSource) => Promise<unknown>): Promise<unknown> {
  const calls: unknown[] = [];
  const note =
    (method: string) =>
    (...args: unknown[]) =>
      Promise.resolve(calls.push([method, ...args]));
  const methods = ['list', 'info', 'mod', 'zip'].map((method) => [method, note(method)]);
  const inner = Object.fromEntries(methods) as unknown as ModuleSource;
  const assert = () => (hasRoom ? Promise.resolve() : Promise.reject(new Error('no room')));
  await ask(new RoomCheckedSource(inner, { assert }, DISK)).catch((error: unknown) =>
    calls.push(String(error)),
  );
  return calls;
}

it.each([
  ['list', [MODULE]],
  ['info', [MODULE, 'latest']],
] as const)('asks the home for %s whether there is room or not', async (method, args) => {
  for (const hasRoom of [true, false]) {
    const calls = await asked(hasRoom, (source) =>
      (source[method] as (...a: unknown[]) => Promise<unknown>)(...args),
    );
    expect(calls).toEqual([[method, ...args]]);
  }
});

it.each([
  ['info', [MODULE, 'v1.0.0']],
  ['info', [MODULE, 'main']],
  ['mod', [MODULE, 'v1.0.0', undefined]],
  ['zip', [MODULE, 'v1.0.0', undefined]],
] as const)('asks for %s of %j only where there is room', async (method, args) => {
  const ask = (source: ModuleSource) => (source[method] as (...a: unknown[]) => Promise<unknown>)(...args);
  expect(await asked(true, ask)).toEqual([[method, ...args]]);
  expect(await asked(false, ask)).toEqual(['Error: no room']);
});

it('tells failures of the disk from those of the home, also while a zip is delivered', async () => {
  const full = Object.assign(new Error('ENOSPC: words, write'), { code: 'ENOSPC', syscall: 'write' });
  const home = new ModhavenError('HOST_REFUSED', 'no');
  const source = (failure: Error) => {
    const inner = {
      info: () => Promise.reject(failure),
      zip: () => Promise.resolve({ deliver: () => Promise.reject(failure) }),
    } as unknown as ModuleSource;
    return new RoomCheckedSource(inner, { assert: () => Promise.resolve() }, DISK);
  };
  const deliver = async (failure: Error) =>
    (await source(failure).zip(MODULE, 'v1.0.0')).deliver(undefined as unknown as ZipTarget);
  const isFull = { code: 'STORAGE', reason: expect.stringContaining('the disk is full') as string };
  await expect(source(full).info(MODULE, 'v1.0.0')).rejects.toMatchObject(isFull);
  await expect(deliver(full)).rejects.toMatchObject(isFull);
  await expect(source(home).info(MODULE, 'v1.0.0')).rejects.toBe(home);
  await expect(deliver(home)).rejects.toBe(home);
});
