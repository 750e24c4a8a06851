import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { formatMoment } from '../../src/catalog/moment.js';
import { parseModulePath, type ModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import type { ListedModule, VersionListing } from '../../src/store/version-store.js';

const everything = (): boolean => true;
const START = { us: 0, ns: 0 };

/** A store whose content the test sets; a scan can be held up. */
class Shelf implements VersionListing {
  content: Record<string, Record<string, number>> = {};
  scans = 0;
  held: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  async *scan(stateOf: (module: ModulePath) => string | undefined): AsyncGenerator<ListedModule> {
    this.scans += 1;
    await this.held;
    if (this.failure !== undefined) throw this.failure;
    for (const [name, versions] of Object.entries(this.content)) {
      const module = parseModulePath(name);
      const state = JSON.stringify(versions);
      const listed = Object.entries(versions).map(([version, storedAt]) => ({
        version: version as CanonicalVersion,
        storedAt,
      }));
      yield { module, state, versions: stateOf(module) === state ? undefined : listed };
    }
  }
}

function open(shelf: VersionListing | undefined, refreshMs = 0): { catalog: Catalog; errors: unknown[] } {
  const errors: unknown[] = [];
  return {
    catalog: new Catalog({ listing: shelf, refreshMs, onError: (error) => errors.push(error) }),
    errors,
  };
}

const names = (catalog: Catalog): string[] => catalog.all().map(({ path }) => path);

it('reads nothing before the first request', () => {
  const shelf = new Shelf();
  const { catalog } = open(shelf);
  catalog.stored({ module: parseModulePath('example.com/a'), version: 'v1.0.0' });
  expect(shelf.scans).toBe(0);
  expect(names(catalog)).toEqual([]);
});

it('says whether it has read all, and callers wait no longer than they want to', async () => {
  const shelf = new Shelf();
  let release = (): void => undefined;
  shelf.held = new Promise((resolve) => (release = resolve));
  shelf.content = { 'example.com/a': { 'v1.0.0': 1 } };
  const { catalog } = open(shelf);
  expect(await catalog.refresh(5)).toBe(false);
  release();
  expect(await catalog.refresh(5_000)).toBe(true);
  expect(names(catalog)).toEqual(['example.com/a']);
});

it('finds what others store and remove, and knows at once what this process stores', async () => {
  const shelf = new Shelf();
  shelf.content = { 'example.com/b': { 'v1.0.0': 1 }, 'example.com/a': { 'v1.0.0': 2 } };
  const { catalog } = open(shelf, 60_000);
  await catalog.refresh(5_000);
  expect(names(catalog)).toEqual(['example.com/a', 'example.com/b']);
  catalog.stored({ module: parseModulePath('example.com/c'), version: 'v1.0.0' });
  expect(names(catalog)).toEqual(['example.com/a', 'example.com/b', 'example.com/c']);

  shelf.content = { 'example.com/a': { 'v1.0.0': 2, 'v1.1.0': 3 }, 'example.com/c': { 'v1.0.0': 4 } };
  await catalog.refresh(5_000);
  expect(shelf.scans).toBe(1); // fresh enough
  catalog.outdated();
  await catalog.refresh(5_000, true);
  expect(names(catalog)).toEqual(['example.com/a', 'example.com/c']);
  expect(catalog.get('example.com/a')?.versions()).toEqual(['v1.0.0', 'v1.1.0']);
});

it('keeps what it knows where the store cannot be read', async () => {
  const shelf = new Shelf();
  shelf.content = { 'example.com/a': { 'v1.0.0': 1 } };
  const { catalog, errors } = open(shelf);
  await catalog.refresh(5_000);
  shelf.failure = new Error('no such disk');
  catalog.outdated();
  expect(await catalog.refresh(5_000, true)).toBe(true);
  expect(errors).toEqual([shelf.failure]);
  expect(names(catalog)).toEqual(['example.com/a']);
});

it('is complete and empty where the store cannot be listed', async () => {
  const { catalog } = open(undefined);
  expect(await catalog.refresh(5_000)).toBe(true);
  expect(names(catalog)).toEqual([]);
});

it('finds the module around a package', async () => {
  const shelf = new Shelf();
  shelf.content = { 'example.com/a': { 'v1.0.0': 1 }, 'example.com/a/sub': { 'v1.0.0': 1 } };
  const { catalog } = open(shelf);
  await catalog.refresh(5_000);
  expect(catalog.enclosing('example.com/a/sub/pkg')?.path).toBe('example.com/a/sub');
  expect(catalog.enclosing('example.com/a/subway')?.path).toBe('example.com/a');
  expect(catalog.enclosing('example.com/b')).toBeUndefined();
});

describe('the index', () => {
  async function filled(): Promise<Catalog> {
    const shelf = new Shelf();
    for (let i = 0; i < 50; i += 1) {
      const versions = Array.from({ length: 100 }, (_, j) => [
        `v1.${j}.0`,
        1_000_000 + (((i * 100 + j) * 7919) % 5_000),
      ]);
      shelf.content[`example.com/m${i}`] = Object.fromEntries(versions) as Record<string, number>;
    }
    const { catalog } = open(shelf);
    await catalog.refresh(5_000);
    return catalog;
  }

  it('gives everything once to a follower that asks on from the last it saw', async () => {
    const catalog = await filled();
    const seen: string[] = [];
    const times: string[] = [];
    for (let since = START; ;) {
      const page = catalog.since(since, 300, everything);
      const fresh = page.filter(({ module, version }) => !seen.includes(`${module}@${version}`));
      if (fresh.length === 0) break;
      seen.push(...fresh.map(({ module, version }) => `${module}@${version}`));
      times.push(...fresh.map(({ moment }) => formatMoment(moment)));
      since = page.at(-1)?.moment ?? since;
    }
    expect(seen).toHaveLength(5_000);
    expect(times).toEqual([...times].sort());
  });

  it('holds nothing of a module that may not be read', async () => {
    const catalog = await filled();
    const some = catalog.since(START, 2_000, (path) => path === 'example.com/m7');
    expect(new Set(some.map(({ module }) => module))).toEqual(new Set(['example.com/m7']));
    expect(some).toHaveLength(100);
    const newest = catalog.newest(3, (path) => path !== 'example.com/m7');
    expect(newest.map(({ module }) => module)).not.toContain('example.com/m7');
    expect(newest).toHaveLength(3);
    const [first, second] = newest;
    expect(formatMoment(first?.moment ?? START) >= formatMoment(second?.moment ?? START)).toBe(true);
  });
});
