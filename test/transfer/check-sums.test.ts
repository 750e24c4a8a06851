import { describe, expect, it } from 'vitest';
import { goModHash } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { sumMismatches } from '../../src/transfer/check-sums.js';
import { makeVersion } from '../support/stores/versions.js';

const MODULE = parseModulePath('example.com/m');

describe('sumMismatches', () => {
  it('names recorded hashes that differ from the stored parts, with both hashes', async () => {
    const { mod, hash } = await makeVersion('example.com/m', 'v1.0.0');
    const version = { module: MODULE, version: 'v1.0.0' as const };
    const store = createMemoryStore({
      known: [
        [{ ...version, kind: 'mod' }, mod],
        [{ ...version, kind: 'ziphash' }, Buffer.from(`${hash}\n`)],
      ],
    });
    const right = [
      { kind: 'zip', hash, place: 'go.sum:1' },
      { kind: 'mod', hash: goModHash(mod), place: 'go.sum:2' },
      // What this program cannot compute says nothing.
      { kind: 'zip', hash: 'h2:newer=', place: 'go.sum:3' },
    ] as const;
    expect(await sumMismatches(store, MODULE, 'v1.0.0', right)).toEqual([]);
    const wrong = { kind: 'mod', hash: 'h1:other=', place: 'go.sum:4' } as const;
    expect(await sumMismatches(store, MODULE, 'v1.0.0', [...right, wrong])).toEqual([
      { ...wrong, stored: goModHash(mod) },
    ]);
  });

  it('says nothing of parts that are not stored', async () => {
    const sums = [{ kind: 'zip', hash: 'h1:x=', place: 'go.sum:1' }] as const;
    expect(await sumMismatches(createMemoryStore(), MODULE, 'v1.0.0', sums)).toEqual([]);
  });
});
