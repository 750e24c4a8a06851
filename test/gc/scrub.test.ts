import { describe, expect, it } from 'vitest';
import { scrub } from '../../src/gc/scrub.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { Stores } from '../../src/store/open/open-stores.js';
import type { Part, PartKind } from '../../src/store/version-store.js';

/** Two modules: one version with all parts, one of which only go.mod is stored. */
const STORED: Record<string, Partial<Record<PartKind, string[]>>> = {
  'ex.test/a': { info: ['v1.0.0'], mod: ['v1.0.0'], ziphash: ['v1.0.0'], zip: ['v1.0.0'] },
  'ex.test/b': { mod: ['v1.0.0', 'v1.1.0'] },
};

function stores(isGood: (part: Part) => boolean) {
  const asked: string[] = [];
  const parts = {
    unchecked: {
      // eslint-disable-next-line @typescript-eslint/require-await -- as a store has it
      async *modules() {
        yield* Object.keys(STORED).map(parseModulePath);
      },
      versions: (module: string, kind: PartKind) => Promise.resolve(STORED[module]?.[kind] ?? []),
    },
    checked: {
      checkAgain: (part: Part) => {
        asked.push(`${part.module}@${part.version} ${part.kind}`);
        return Promise.resolve(isGood(part));
      },
    },
  };
  return { asked, stores: parts as unknown as Pick<Stores, 'checked' | 'unchecked'> };
}

describe('scrub', () => {
  it('checks every part once, and counts those that are damaged', async () => {
    const { asked, stores: both } = stores(({ kind }) => kind !== 'zip');
    expect(await scrub(both, () => false)).toEqual({ parts: 6, damaged: 1 });
    expect(new Set(asked).size).toBe(6);
    expect(asked).toContain('ex.test/b@v1.1.0 mod');
  });

  it('ends when it is told to', async () => {
    const { asked, stores: both } = stores(() => true);
    expect(await scrub(both, () => asked.length === 2)).toEqual({ parts: 2, damaged: 0 });
    expect(asked).toHaveLength(2);
  });
});
