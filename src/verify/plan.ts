/**
 * Which versions are compared with a target: those in the store, or all that the store, the present repositories or the
 * target have.
 *
 * "All" starts from the modules of the store and from the rules that are not patterns, and takes from the tags of their
 * repositories which further modules (in directories, of other majors) there may be. A tag says that by its name alone;
 * a version that then turns out to be in neither repository is left out.
 */
import pLimit from 'p-limit';
import { isNotExist } from '../errors.js';
import { isModulePath, type ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import * as semver from '../module/semver.js';
import type { VersionStore } from '../store/version-store.js';
import { explainFailure, type Comparison } from './compare-version.js';
import type { Target } from './target.js';
import { storedVersions } from './stored.js';

/** One version to compare. */
export interface Task {
  module: ModulePath;
  version: CanonicalVersion;
  /** Whether the store has anything of it. */
  stored: boolean;
  /** Whether only the target lists it. */
  extra: boolean;
}

export interface Plan {
  /** Neighbours are of different modules as far as possible, so that many repositories are read at once. */
  tasks: Task[];
  /** Modules of which not everything can be told. */
  failures: Comparison[];
}

export interface PlanOptions {
  store: VersionStore;
  newTarget: Target;
  /** Empty for all. */
  modules: ModulePath[];
  /** Others are left out. */
  isPrivate: (module: string) => boolean;
  /** With it, also all versions that the present repositories or the target list. */
  all?: { oldTarget: Target; ruleRoots: string[] } | undefined;
  concurrency: number;
}

export async function planComparison({
  store,
  newTarget,
  modules,
  isPrivate,
  all,
  concurrency,
}: PlanOptions): Promise<Plan> {
  const plan = new Map<ModulePath, Task[]>();
  const selected = (modules.length > 0 ? modules : await collect(store.modules())).filter(isPrivate);
  for (const module of selected) {
    const versions = await storedVersions(store, module);
    plan.set(
      module,
      versions.map((version) => ({ module, version, stored: true, extra: false })),
    );
  }
  const failures: Comparison[] = [];
  if (all !== undefined) {
    const { oldTarget, ruleRoots } = all;
    const limit = pLimit(concurrency);
    const more =
      modules.length > 0 ? [] : await discover([oldTarget, newTarget], [...selected, ...ruleRoots], limit);
    const listed = [...new Set([...selected, ...more])].sort();
    await Promise.all(
      listed.map((module) =>
        limit(async () => {
          const known = plan.get(module) ?? [];
          const found = await listBoth(module, known, oldTarget, newTarget);
          plan.set(module, [...known, ...found.tasks]);
          failures.push(...found.failures);
        }),
      ),
    );
  }
  return { tasks: interleave([...plan.values()]), failures };
}

/** The modules that the repositories behind `paths` may hold, as far as they can be read. */
async function discover(
  targets: Target[],
  paths: string[],
  limit: ReturnType<typeof pLimit>,
): Promise<ModulePath[]> {
  const found = await Promise.all(
    targets.flatMap((target) =>
      // A repository that cannot be read shows again when its versions are listed.
      paths.map((path) => limit(() => target.modules(path).catch((): ModulePath[] => []))),
    ),
  );
  return [...new Set([...paths.filter(isModulePath), ...found.flat()])];
}

/** The versions of a module that are not stored, by what each side lists. */
async function listBoth(
  module: ModulePath,
  known: Task[],
  oldTarget: Target,
  newTarget: Target,
): Promise<{ tasks: Task[]; failures: Comparison[] }> {
  const stored = new Set(known.map(({ version }) => version));
  const home = newTarget.addresses(module);
  const failures: Comparison[] = [];
  async function list(side: Target, what: string): Promise<CanonicalVersion[]> {
    try {
      return await side.versions(module);
    } catch (error) {
      const { cause, remedy } = explainFailure(error, module);
      failures.push({
        module,
        verdict: 'unreachable',
        home,
        stored: {},
        cause: `${what}: ${cause ?? ''}`,
        ...(remedy === undefined || isNotExist(error) ? {} : { remedy }),
      });
      return [];
    }
  }
  const [before, after] = await Promise.all([
    list(oldTarget, 'what the present repository has besides the cache is unknown'),
    list(newTarget, 'what the new repository has is unknown'),
  ]);
  const old = new Set(before);
  const versions = semver.sortVersions([...new Set([...before, ...after])]);
  const tasks = versions
    .filter((version) => !stored.has(version))
    .map((version) => ({ module, version, stored: false, extra: !old.has(version) }));
  return { tasks, failures };
}

/** The first of every list, then the second of every list, and so on. */
function interleave(lists: Task[][]): Task[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat();
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
