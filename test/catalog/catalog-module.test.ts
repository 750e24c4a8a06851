import { expect, it } from 'vitest';
import { CatalogModule } from '../../src/catalog/catalog-module.js';
import { parseModulePath } from '../../src/module/module-path.js';

const path = parseModulePath('example.com/m');

it('has its versions in their order, and the newest release', () => {
  const module = new CatalogModule(path);
  expect(module.newest()).toBeUndefined();
  module.replace(
    [
      { version: 'v1.10.0-rc.1', storedAt: 3_000 },
      { version: 'v1.9.0', storedAt: 2_000 },
      { version: 'v1.2.0', storedAt: 1_000 },
    ],
    undefined,
  );
  expect(module.versions()).toEqual(['v1.2.0', 'v1.9.0', 'v1.10.0-rc.1']);
  expect(module.newest()).toBe('v1.9.0');
  expect(module.has('v1.2.0')).toBe(true);
  expect(module.has('v1.3.0')).toBe(false);
  expect(module.momentOf('v1.3.0')).toBeUndefined();
  expect([...module.entries()].map(({ version }) => version).sort()).toEqual([...module.versions()].sort());
});

it('keeps the time of a version that it knows; a later scan finds new ones at its own time', () => {
  const module = new CatalogModule(path);
  module.replace([{ version: 'v1.0.0', storedAt: 1_500 }], undefined);
  const before = module.momentOf('v1.0.0');
  module.add('v1.0.0', 9_999);
  module.replace(
    [
      { version: 'v1.0.0', storedAt: 7_777 },
      { version: 'v1.1.0', storedAt: 2_001 },
    ],
    5_001,
  );
  expect(module.momentOf('v1.0.0')).toEqual(before);
  // A follower that has read up to now would miss what came with an older time.
  expect(module.momentOf('v1.1.0')?.us).toBe(5_001_000);
});
