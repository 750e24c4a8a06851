import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { list } from '../../src/cli/list.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { openStores } from '../../src/store/open/open-stores.js';
import { putBytes, type PartKind } from '../../src/store/version-store.js';
import { files, type Files } from './support/files.js';

let at: Files;

beforeAll(async () => {
  at = await files({ vanity: 'paths: {}\n' });
  const { versions: store } = openStores({ cacheDir: path.join(at.dir, 'data') });
  async function put(module: string, version: CanonicalVersion, kinds: PartKind[]): Promise<void> {
    for (const kind of kinds) {
      await putBytes(store, { module: parseModulePath(module), version, kind }, Buffer.alloc(600));
    }
  }
  await put('corp.example/a', 'v1.2.0', ['info', 'mod', 'zip', 'ziphash']);
  await put('corp.example/a', 'v1.10.0', ['info', 'mod']);
  await put('corp.example/a', 'v1.11.0-rc.1', ['info', 'mod']);
  await put('corp.example/Big', 'v0.0.0-20200101000000-abcdefabcdef', ['mod']);
  await put('other.example/only-info', 'v1.0.0', ['info']);
});

describe('list', () => {
  it('shows the newest release, the number of versions and the size', async () => {
    expect(await list({ config: at.config })).toBe(
      [
        'MODULE            NEWEST                              VERSIONS  SIZE',
        'corp.example/Big  v0.0.0-20200101000000-abcdefabcdef  1         600 B',
        'corp.example/a    v1.10.0                             3         4.7 KiB',
        '',
      ].join('\n'),
    );
  });

  it('prints JSON, and takes a pattern', async () => {
    expect(JSON.parse(await list({ config: at.config, pattern: 'corp.example/a', json: true }))).toEqual([
      { module: 'corp.example/a', newest: 'v1.10.0', versions: 3, bytes: 4800 },
    ]);
    expect(await list({ config: at.config, pattern: 'nothing.example' })).toContain('no module that matches');
    await expect(list({ config: at.config, pattern: '[a' })).rejects.toThrow('not a pattern');
  });
});
