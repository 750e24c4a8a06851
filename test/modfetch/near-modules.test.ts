import { describe, expect, it } from 'vitest';
import { NearModules } from '../../src/modfetch/near-modules.js';

function names(stored: string[], ruled: string[] = []) {
  let listed = 0;
  const modules = new NearModules({
    // eslint-disable-next-line @typescript-eslint/require-await -- as a store has it
    async *stored() {
      listed += 1;
      yield* stored;
    },
    ruled: () => ruled,
  });
  return { modules, listed: () => listed };
}

describe('NearModules', () => {
  const known = ['my.corp/go/common', 'my.corp/go/commons', 'my.corp/tools', 'a.b/c'];

  it.each([
    ['my.corp/go/comon', ['my.corp/go/common', 'my.corp/go/commons']],
    ['my.corp/go/comon/sub/pkg', ['my.corp/go/common', 'my.corp/go/commons']],
    ['my.crop/tools', ['my.corp/tools']],
    ['my.corp/go/common', ['my.corp/go/commons']],
    ['my.corp/other', []],
    ['a.b/d', ['a.b/c']],
    ['a.x/y', []],
  ])('%s', async (path, found) => {
    expect(await names(known).modules.near(path)).toEqual(found);
  });

  it('knows what rules name, and lists the store once', async () => {
    const { modules, listed } = names(['x.corp/one'], ['my.corp/ruled']);
    expect(await modules.near('my.corp/rulde')).toEqual(['my.corp/ruled']);
    expect(await modules.near('x.corp/oen')).toEqual(['x.corp/one']);
    expect(listed()).toBe(1);
  });

  it('has none for a path that a rule names: it is not misspelt', async () => {
    const { modules, listed } = names(['my.corp/ruler'], ['my.corp/ruled']);
    expect(await modules.near('my.corp/ruled')).toEqual([]);
    expect(await modules.near('my.corp/rule')).toEqual(['my.corp/ruled', 'my.corp/ruler']);
    expect(listed()).toBe(1);
  });

  it('has none where the store cannot be read', async () => {
    const modules = new NearModules({
      // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- as a store fails
      async *stored() {
        throw new Error('gone');
      },
      ruled: () => [],
    });
    expect(await modules.near('a.b/c')).toEqual([]);
  });
});
