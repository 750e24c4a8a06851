import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseModulePath, type ModulePath } from '../../src/module/module-path.js';
import type { PartKind, VersionStore } from '../../src/store/version-store.js';
import { planComparison, type PlanOptions } from '../../src/verify/plan.js';
import type { Target } from '../../src/verify/target.js';

const path = parseModulePath;
const STORED: Record<string, string[]> = {
  'my.corp/a': ['v1.10.0', 'v1.9.0'],
  'my.corp/b': ['v1.0.0'],
  'github.com/x/y': ['v1.0.0'],
};
const store = {
  // eslint-disable-next-line @typescript-eslint/require-await -- as a store has it
  async *modules() {
    yield* Object.keys(STORED).map(path);
  },
  versions: (module: string, kind: PartKind) => Promise.resolve(kind === 'mod' ? (STORED[module] ?? []) : []),
} as Partial<VersionStore> as VersionStore;

/** A target with these versions; an error is thrown. */
function target(versions: Record<string, string[] | Error>, modules: Record<string, string[]> = {}): Target {
  return {
    addresses: (module: ModulePath) => [`https://new/${module}`],
    versions: (module: ModulePath) => {
      const found = versions[module] ?? [];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    modules: (root: string) =>
      root in modules ? Promise.resolve((modules[root] ?? []).map(path)) : Promise.reject(new Error('down')),
  } as Partial<Target> as Target;
}

async function plan(options: Partial<PlanOptions> = {}) {
  const { tasks, failures } = await planComparison({
    store,
    newTarget: target({}),
    modules: [],
    concurrency: 2,
    isPrivate: (module) => module.startsWith('my.corp/'),
    ...options,
  });
  return {
    failures,
    tasks: tasks.map(
      ({ module, version, stored, extra }) =>
        `${module}@${version}${stored ? '' : ' listed'}${extra ? ' extra' : ''}`,
    ),
  };
}

describe('planComparison', () => {
  it('takes what is stored and private, oldest first, neighbours of different modules', async () => {
    expect(await plan()).toEqual({
      failures: [],
      tasks: ['my.corp/a@v1.9.0', 'my.corp/b@v1.0.0', 'my.corp/a@v1.10.0'],
    });
  });

  it('takes the modules that are named, if they are private', async () => {
    expect((await plan({ modules: [path('my.corp/b'), path('github.com/x/y')] })).tasks).toEqual([
      'my.corp/b@v1.0.0',
    ]);
  });

  it('is empty where nothing is', async () => {
    expect(await plan({ modules: [path('my.corp/none')] })).toEqual({ tasks: [], failures: [] });
  });

  describe('of all', () => {
    it('adds what either side lists, each version once', async () => {
      const { tasks } = await plan({
        modules: [path('my.corp/b')],
        newTarget: target({ 'my.corp/b': ['v1.0.0', 'v1.1.0', 'v1.2.0'] }),
        all: { oldTarget: target({ 'my.corp/b': ['v1.1.0', 'v0.9.0'] }), ruleRoots: [] },
      });
      expect(tasks).toEqual([
        'my.corp/b@v1.0.0',
        'my.corp/b@v0.9.0 listed',
        'my.corp/b@v1.1.0 listed',
        'my.corp/b@v1.2.0 listed extra',
      ]);
    });

    it('finds modules by rules and tags, also where a repository cannot be read', async () => {
      const newTarget = target(
        { 'my.corp/c/v2': ['v2.0.0'], 'my.corp/c': ['v1.0.0'] },
        { 'my.corp/c': ['my.corp/c/v2'] },
      );
      const { tasks } = await plan({
        newTarget,
        all: { oldTarget: target({}), ruleRoots: ['my.corp/c', 'my.corp'] },
      });
      expect(tasks).toContain('my.corp/c@v1.0.0 listed extra');
      expect(tasks).toContain('my.corp/c/v2@v2.0.0 listed extra');
    });

    it('tells of a side that cannot say what it has', async () => {
      const down = new ModhavenError('HOST_UNREACHABLE', 'it is down', { remedy: 'start it' });
      const { tasks, failures } = await plan({
        modules: [path('my.corp/b')],
        newTarget: target({ 'my.corp/b': down }),
        all: { oldTarget: target({ 'my.corp/b': ['v1.1.0'] }), ruleRoots: [] },
      });
      expect(tasks).toEqual(['my.corp/b@v1.0.0', 'my.corp/b@v1.1.0 listed']);
      expect(failures).toEqual([
        {
          module: 'my.corp/b',
          verdict: 'unreachable',
          home: ['https://new/my.corp/b'],
          stored: {},
          cause: 'what the new repository has is unknown: it is down',
          remedy: 'start it',
        },
      ]);
    });
  });
});
