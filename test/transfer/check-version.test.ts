import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import type { Part, PartKind } from '../../src/store/version-store.js';
import { checkVersion, type CheckedVersion } from '../../src/transfer/check-version.js';
import { makeVersion, type MadeVersion } from '../support/stores/versions.js';

const NAME = 'example.com/m';
const MODULE = parseModulePath(NAME);
const VERSION = 'v1.0.0';

/** What is found of a version with these parts in place of its own; undefined leaves one out. */
async function check(
  replaced: Partial<Record<PartKind, Buffer | undefined>> = {},
  files?: Record<string, string | null>,
): Promise<CheckedVersion & { made: MadeVersion }> {
  const made = await makeVersion(NAME, VERSION, files);
  const parts = {
    info: made.info,
    mod: made.mod,
    zip: made.zip,
    ziphash: Buffer.from(made.hash),
    ...replaced,
  };
  const known = Object.entries(parts).flatMap(([kind, content]): [Part, Buffer][] =>
    content === undefined ? [] : [[{ module: MODULE, version: VERSION, kind: kind as PartKind }, content]],
  );
  return { ...(await checkVersion(createMemoryStore({ known }), MODULE, VERSION)), made };
}

describe('checkVersion', () => {
  it('reads all of a good version, and holds everything but its zip', async () => {
    const { faults, info, mod, zipHash, zipSize, made } = await check();
    expect(faults).toEqual([]);
    expect([info?.equals(made.info), mod?.equals(made.mod)]).toEqual([true, true]);
    expect([zipHash, zipSize]).toEqual([made.hash, made.zip.length]);
  });

  it('has no objection to parts that are missing', async () => {
    const { faults, zipHash } = await check({ info: undefined, ziphash: undefined });
    expect(faults).toEqual([]);
    expect(zipHash).toMatch(/^h1:/);
    expect((await check({ zip: undefined, ziphash: undefined })).faults).toEqual([]);
  });

  it.each([
    {
      name: 'an .info of another version',
      parts: { info: Buffer.from('{"Version":"v9.0.0"}') },
      part: 'info',
      problem: 'is about version "v9.0.0"',
    },
    { name: 'an empty .info', parts: { info: Buffer.alloc(0) }, part: 'info', problem: 'is not JSON' },
    { name: 'a zip that is not one', parts: { zip: Buffer.from('<html>') }, part: 'zip', problem: '' },
    {
      name: 'a recorded hash of other content',
      parts: { ziphash: Buffer.from('h1:other=') },
      part: 'zip',
      problem: 'recorded is h1:other=',
    },
    {
      name: 'a go.mod that is not the one in the zip',
      parts: { mod: Buffer.from('module x\n') },
      part: 'mod',
      problem: 'is not the go.mod in the zip',
    },
  ])('finds $name', async ({ parts, part, problem }) => {
    expect((await check(parts)).faults).toEqual([
      { part, problem: expect.stringContaining(problem) as string },
    ]);
  });

  it('finds names in the zip that go refuses', async () => {
    const { faults, zipHash } = await check({}, { '../evil.go': 'package evil\n' });
    expect(faults.map(({ part }) => part)).toEqual(['zip']);
    expect(zipHash).toBeUndefined();
  });

  it('finds a version that does not fit the path', async () => {
    const { faults } = await checkVersion(createMemoryStore(), MODULE, 'v2.0.0');
    expect(faults).toEqual([{ part: 'info', problem: expect.stringContaining('the version') as string }]);
  });
});
