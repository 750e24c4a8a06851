/**
 * `modhaven verify`: proves that the cache is what it was, or that a move to other repositories would change nothing.
 *
 * Neither changes anything in the cache but git mirrors.
 */
import { join } from 'node:path';
import { loadConfig, type Config } from '../config/load-config.js';
import { formatProblem } from '../yaml/problems.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { parseCommitHash } from '../module/commit-hash.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import { parseRepoUrl, type RepoUrl } from '../module/repo-url.js';
import { openStores, type Stores } from '../store/open/open-stores.js';
import { cacheLayout } from '../store/paths.js';
import { checkStateVersion } from '../store/state-version.js';
import type { ModuleVersion, VersionStore } from '../store/version-store.js';
import { isInOrder, verifyVersions } from './common/verify-versions.js';
import { vcsSettings } from '../config/settings.js';
import { loadVanity } from '../vanity/vanity-file.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import { readLocalFiles } from '../vcs/read-local.js';
import { createCodeHost } from '../vcs/code-host.js';
import { compareAll } from '../verify/compare-all.js';
import { createTarget } from '../verify/target.js';
import { openJournal } from '../verify/journal.js';
import { planComparison } from '../verify/plan.js';
import { comparisonReport, countVerdicts, isBad, storedReport } from '../verify/report.js';
import { checkStored, storedVersions, type LocalFiles, type StoredVersion } from '../verify/stored.js';
import { jsonText } from './output/json-text.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';

export interface VerifyOptions {
  config?: string;
  /** A vanity.yaml whose repositories are compared with what is served now. */
  against?: string;
  /** What either side lists, not only what is cached. */
  all?: boolean;
  /** File that results are appended to, and read from if it is there. */
  resume?: string;
  json?: boolean;
  /** Module paths; empty for all. */
  modules: string[];
  onProgress?: OnProgress;
}

interface Result {
  text: string;
  ok: boolean;
}

/** The report as text, and whether everything is in order. Throws CONFIG if a file or an option is bad. */
export async function verify(options: VerifyOptions): Promise<Result> {
  const { against, modules } = options;
  if (against === undefined && (options.all === true || options.resume !== undefined)) {
    throw new ModhavenError('CONFIG', `--${options.all === true ? 'all' : 'resume'} needs --against`, {
      remedy: 'name the vanity.yaml to compare with: modhaven verify --against NEW-VANITY.yaml',
    });
  }
  const config = loadConfig(options.config);
  const current = loadVanity(config.vanityFile, { defaultHost: config.publicHost });
  // Of another layout it would find nothing, and call that in order.
  await checkStateVersion(config.cacheDir);
  const stores = openStores(config);
  const store = stores.unchecked;
  const wanted = modules.map(readModule);
  if (options.all !== true) for (const module of wanted) await mustBeStored(store, module);
  return against === undefined
    ? verifyStore(options, { config, current, store, wanted }, stores)
    : verifyMove({ ...options, against }, { config, current, store, wanted });
}

interface Setup {
  config: Config;
  current: VanityMap;
  store: VersionStore;
  wanted: ModulePath[];
}

async function verifyStore(
  { json, onProgress }: VerifyOptions,
  { config, current, store, wanted }: Setup,
  stores: Stores,
): Promise<Result> {
  const subjects: ModuleVersion[] = [];
  const leftovers: string[] = [];
  for (const module of wanted.length > 0 ? wanted : await all(store.modules())) {
    leftovers.push(...((await store.removal?.leftovers(module)) ?? []));
    for (const version of await storedVersions(store, module)) subjects.push({ module, version });
  }
  const localFiles = mirrorFiles(config, current);
  const versions = await verifyVersions(subjects, {
    store,
    stagingDir: stores.bucket && join(stores.layout.copies, 'verify'),
    check: (reader, { module, version }) =>
      checkStored(reader, module, version, { localFiles, isPrivate: current.covers(module) }),
    onDone: counter(subjects.length, onProgress),
  });
  const ok = versions.every(isInOrder);
  const text =
    json === true ? jsonText(storedJson(versions, leftovers, ok)) : storedReport(versions, leftovers);
  return { text, ok };
}

function storedJson(versions: StoredVersion[], leftovers: string[], ok: boolean): object {
  const bad = versions.filter((version) => !isInOrder(version)).length;
  return { ok, summary: { versions: versions.length, bad }, leftovers, versions };
}

async function verifyMove(options: VerifyOptions & { against: string }, setup: Setup): Promise<Result> {
  const { against } = options;
  const { config, current, store, wanted } = setup;
  const next = loadVanity(against, { defaultHost: config.publicHost, namedBy: '--against' });
  const journal = options.resume === undefined ? undefined : await openJournal(options.resume);
  const host = createCodeHost({
    dir: cacheLayout(config.cacheDir).mirrors,
    settings: () => vcsSettings(config),
  });
  const newTarget = createTarget({ candidates: (path) => next.candidates(path), host });
  const oldTarget = createTarget({ candidates: (path) => current.candidates(path), host });
  const concurrency = config.vcsConcurrency;

  const plan = await planComparison({
    store,
    newTarget,
    modules: wanted,
    // Public modules have no repository of ours, neither before nor after the move.
    isPrivate: (module) => current.covers(module) || next.covers(module),
    all: options.all === true ? { oldTarget, ruleRoots: ruleRoots(current, next) } : undefined,
    concurrency,
  });
  const onDone = counter(plan.tasks.length, options.onProgress);
  const compared = { store, newTarget, oldTarget, concurrency, journal, onDone };
  const { comparisons, resumed } = await compareAll(plan.tasks, compared);
  comparisons.push(...plan.failures);
  const ok = !comparisons.some(isBad);
  const warnings = next.warnings.map((warning) => formatProblem(next.file, warning));
  if (options.json === true) {
    const summary = { total: comparisons.length, resumed, ...countVerdicts(comparisons) };
    return { text: jsonText({ ok, against, summary, warnings, versions: comparisons }), ok };
  }
  const notes = warnings.map((warning) => `warning: ${warning}\n`).join('');
  return { text: notes + comparisonReport(comparisons, resumed), ok };
}

/** The import paths of the rules of both maps, without patterns: which modules a pattern stands for cannot be known. */
function ruleRoots(...maps: VanityMap[]): string[] {
  const rules = maps.flatMap((map) => map.rules).filter(({ isPattern }) => !isPattern);
  return [...new Set(rules.map(({ prefix }) => prefix))];
}

/** Looks for a commit where it was fetched from, and where its module would be fetched from today. */
function mirrorFiles(config: Config, map: VanityMap): LocalFiles {
  return async (module, { URL, Hash }, paths) => {
    const commit = parseCommitHash(Hash);
    if (commit === undefined) return undefined;
    const now = map.candidates(module).flatMap(({ repos }) => repos);
    for (const remote of [...readUrl(URL), ...now]) {
      const files = await readLocalFiles(cacheLayout(config.cacheDir).mirrors, remote, commit, paths);
      if (files !== undefined) return files;
    }
    return undefined;
  };
}

function readUrl(text: string): RepoUrl[] {
  try {
    return [parseRepoUrl(text, '/')];
  } catch (error) {
    if (isModhavenError(error)) return [];
    throw error;
  }
}

function readModule(text: string): ModulePath {
  try {
    return parseModulePath(text);
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    const remedy = 'write the path of a module, without a version';
    throw new ModhavenError('CONFIG', error.message, { remedy, cause: error });
  }
}

async function mustBeStored(store: VersionStore, module: ModulePath): Promise<void> {
  if ((await storedVersions(store, module)).length > 0) return;
  throw new ModhavenError('CONFIG', `the cache holds no version of ${module}`, {
    remedy: 'check the spelling; with --against and --all, versions that are not cached are compared, too',
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
