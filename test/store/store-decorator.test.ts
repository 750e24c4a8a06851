import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { StoreDecorator } from '../../src/store/store-decorator.js';
import type { VersionStore } from '../../src/store/version-store.js';

class Plain extends StoreDecorator {}

const part = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'mod' } as const;
const write = () => Promise.resolve();

/** Every call of the interface with arguments that can be told apart. */
const CALLS: [method: Exclude<keyof VersionStore, 'positions' | 'removal'>, args: unknown[]][] = [
  ['size', [part]],
  ['read', [part]],
  ['open', [part, { start: 1, end: 2 }]],
  ['versions', [part.module, 'zip']],
  ['modules', []],
  ['put', [part, write]],
  ['putFile', [part, '/tmp/file']],
  ['probe', []],
];

it.each(CALLS)('%s is what the other store does', (method, args) => {
  const answer = method === 'open' ? Readable.from([]) : Promise.resolve('the answer');
  const calls: unknown[][] = [];
  const inner = { [method]: (...given: unknown[]) => (calls.push(given), answer) } as unknown as VersionStore;
  const decorated = new Plain(inner) as unknown as Record<string, (...given: unknown[]) => unknown>;
  expect(decorated[method]?.(...args)).toBe(answer);
  expect(calls).toEqual([args]);
});

it('has the capabilities of the other store, also while they change', () => {
  const positions = { open: () => Promise.resolve(undefined) };
  const inner: Partial<Record<'positions' | 'removal', unknown>> = { positions };
  const decorated = new Plain(inner as unknown as VersionStore);
  expect(decorated.positions).toBe(positions);
  expect(decorated.removal).toBeUndefined();
  inner.removal = positions;
  delete inner.positions;
  expect(decorated.removal).toBe(positions);
  expect(decorated.positions).toBeUndefined();
});
