import { describe, expect, it } from 'vitest';
import { checkTargets } from '../../../src/cli/probe/check-targets.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { VersionStore } from '../../../src/store/version-store.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';

const MAP = parseVanity(
  `host: my.corp
paths:
  /foo: https://git.corp/foo.git
  /hg: { repo: https://hg.corp/x, vcs: hg }
  /go/{name}: https://git.corp/{name}.git
  /all/{path...}: https://git.corp/all/{path}.git
`,
  'vanity.yaml',
  { defaultHost: '' },
);

/** A store that holds something of these modules. */
function storeOf(...modules: string[]): VersionStore {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- as a store has it
    async *modules() {
      yield* modules.map(parseModulePath);
    },
  } as Partial<VersionStore> as VersionStore;
}

const targets = async (modules: string[], store: VersionStore, name?: string) =>
  (await checkTargets(MAP, { modules, name, store })).targets.map(({ rule, module }) => [rule.key, module]);

describe('checkTargets', () => {
  it('are the modules that are named, in their order', async () => {
    expect(await targets(['my.corp/go/b/sub', 'my.corp/foo/v2'], storeOf())).toEqual([
      ['/go/{name}', 'my.corp/go/b/sub'],
      ['/foo', 'my.corp/foo/v2'],
    ]);
  });

  it('names modules that no rule covers beside those that one does', async () => {
    const { targets: found, uncovered } = await checkTargets(MAP, {
      modules: ['my.corp/bar', 'my.corp/foo'],
      name: undefined,
      store: storeOf(),
    });
    expect([found.length, uncovered]).toEqual([1, ['my.corp/bar']]);
  });

  it('has a name stand in for a pattern of which nothing is cached', async () => {
    const found = await targets([], storeOf('my.corp/go/a'), 'x');
    expect(found).toContainEqual(['/go/{name}', 'my.corp/go/a']);
    expect(found).toContainEqual(['/all/{path...}', 'my.corp/all/x']);
  });

  it('says that no rule covers a module', async () => {
    await expect(targets(['my.corp/bar'], storeOf())).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'no rule in vanity.yaml covers my.corp/bar',
      remedy: 'check the spelling, or add a rule',
    });
  });

  it('are all rules in the order of the file, without those that are not git', async () => {
    const found = await targets([], storeOf());
    expect(found).toContainEqual(['/foo', 'my.corp/foo']);
    expect(found).toContainEqual(['/go/{name}', undefined]);
    expect(found).toContainEqual(['/all/{path...}', undefined]);
    expect(found).toHaveLength(3);
  });

  it('has one cached module of each repository stand in for a pattern', async () => {
    const found = await targets(
      [],
      storeOf('my.corp/go/a', 'my.corp/go/a/sub', 'my.corp/go/b/v2', 'other.corp/go/c', 'my.corp/foo/sub'),
    );
    expect(found.filter(([key]) => key === '/go/{name}')).toEqual([
      ['/go/{name}', 'my.corp/go/a'],
      ['/go/{name}', 'my.corp/go/b/v2'],
    ]);
    expect(found).toContainEqual(['/foo', 'my.corp/foo']);
  });

  it('tries every module where only the host knows the repository', async () => {
    const found = await targets([], storeOf('my.corp/all/a/b', 'my.corp/all/a/c'));
    expect(found.filter(([key]) => key === '/all/{path...}')).toEqual([
      ['/all/{path...}', 'my.corp/all/a/b'],
      ['/all/{path...}', 'my.corp/all/a/c'],
    ]);
  });
});
