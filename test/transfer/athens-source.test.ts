import { rm } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createAthensSource } from '../../src/transfer/athens-source.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, writeAthensTree } from '../support/stores/versions.js';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('the disk storage of Athens as a source', () => {
  it('lists modules and versions, majors in folders included', async () => {
    const dir = await tempDir('athens');
    await writeAthensTree(
      dir,
      await makeVersion('github.com/Azure/sdk', 'v1.0.0'),
      await makeVersion('github.com/Azure/sdk', 'v1.1.0-beta.1'),
      await makeVersion('github.com/Azure/sdk/v2', 'v2.0.0'),
    );
    const source = createAthensSource(dir);
    expect(await collect(source.modules())).toEqual(['github.com/Azure/sdk', 'github.com/Azure/sdk/v2']);
    const module = parseModulePath('github.com/Azure/sdk');
    expect((await source.versions(module, 'zip')).sort()).toEqual(['v1.0.0', 'v1.1.0-beta.1']);
    expect(await source.versions(module, 'ziphash')).toEqual([]);
    await rm(path.join(dir, module, 'v1.0.0', 'source.zip'));
    expect(await source.versions(module, 'zip')).toEqual(['v1.1.0-beta.1']);
  });

  it('reads the parts of a version, and says of a hash that there is none', async () => {
    const dir = await tempDir('athens');
    const made = await makeVersion('example.com/m', 'v1.0.0');
    await writeAthensTree(dir, made);
    const source = createAthensSource(dir);
    const version = { module: parseModulePath('example.com/m'), version: 'v1.0.0' as const };
    expect((await source.read({ ...version, kind: 'info' }))?.equals(made.info)).toBe(true);
    expect(await source.size({ ...version, kind: 'zip' })).toBe(made.zip.length);
    const range = { start: 2, end: 9 };
    const some = await buffer(source.open({ ...version, kind: 'zip' }, range));
    expect(some.equals(made.zip.subarray(2, 10))).toBe(true);
    expect(await source.read({ ...version, kind: 'ziphash' })).toBeUndefined();
    expect(await source.size({ ...version, version: 'v1.0.1', kind: 'zip' })).toBeUndefined();
  });
});
