import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { Uses } from '../../src/catalog/uses.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { putBytes } from '../../src/store/version-store.js';

const store = createMemoryStore();
const put = (module: string, version: CanonicalVersion, mod: string): Promise<boolean> =>
  putBytes(store, { module: parseModulePath(module), version, kind: 'mod' }, Buffer.from(mod));

it('says who requires a module directly, by the newest version, of those who may be seen', async () => {
  await put('a.example/lib', 'v1.0.0', 'module a.example/lib\n');
  await put('a.example/one', 'v1.0.0', 'module a.example/one\nrequire a.example/lib v1.0.0\n');
  await put('a.example/two', 'v1.0.0', 'module a.example/two\nrequire a.example/lib v1.0.0 // indirect\n');
  await put('a.example/secret', 'v1.0.0', 'module a.example/secret\nrequire a.example/lib v1.0.0\n');
  const catalog = new Catalog({ listing: store.listing, onError: () => undefined, refreshMs: 0 });
  const uses = new Uses(catalog, store);
  const mayRead = (module: string): boolean => module !== 'a.example/secret';
  await catalog.refresh(5_000);
  await uses.update();
  expect(uses.of('a.example/lib', mayRead)).toEqual([
    { module: 'a.example/one', version: 'v1.0.0', required: 'v1.0.0' },
  ]);
  expect(['one', 'two'].map((name) => uses.usersOf('a.example/lib')(`a.example/${name}`))).toEqual([
    true,
    false,
  ]);

  await put('a.example/one', 'v1.1.0', 'module a.example/one\n');
  await put('a.example/two', 'v1.1.0', 'module a.example/two\nrequire a.example/lib v1.0.0\n');
  catalog.outdated();
  await catalog.refresh(5_000, true);
  await uses.update();
  expect(uses.of('a.example/lib', mayRead).map(({ module }) => module)).toEqual(['a.example/two']);
});
