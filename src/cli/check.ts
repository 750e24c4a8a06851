/**
 * `modhaven check`: validates both YAML files, then tries every rule's repository as the server would: with the same
 * credentials, the same ssh options and the same git.
 */
import { loadConfig } from '../config/load-config.js';
import { formatProblem } from '../yaml/problems.js';
import { errorMessage, isModhavenError } from '../errors.js';
import { parseModulePath } from '../module/module-path.js';
import type { RepoUrl } from '../module/repo-url.js';
import { codeModule } from '../modfetch/code-module.js';
import { openStores } from '../store/open-stores.js';
import { createRepoRoots, type RepoRoots } from '../modfetch/repo-root.js';
import { redactLine } from '../redact.js';
import { vcsSettings } from '../config/settings.js';
import type { RepoRoot, VanityRule } from '../vanity/rule.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { summarizeAccess, type AccessSummary } from '../vcs/transport/access-summary.js';
import { createCodeHost } from '../vcs/code-host.js';
import type { VcsSettings } from '../vcs/transport/access.js';
import type { CodeHost } from '../vcs/types.js';
import { prepareCacheDir } from './cache-dir.js';
import { checkReport } from './report/check-report.js';
import type { CheckRow } from './report/check-row.js';
import { checkTargets, type Target } from './probe/check-targets.js';
import type { OnProgress } from './terminal/progress-bar.js';
import { createHostCircuit, type HostCircuit } from './probe/host-circuit.js';

export interface CheckOptions {
  config?: string;
  /** A vanity file to try in place of the one in use. */
  vanity?: string;
  /** What stands for `{name}` in patterns of which no module is stored. */
  try?: string;
  json?: boolean;
  /** Module paths to try; empty for every rule. */
  modules: string[];
  onProgress?: OnProgress;
}

interface Trial {
  host: CodeHost;
  roots: RepoRoots;
  settings: VcsSettings;
  candidates: (path: string) => RepoRoot[];
  askHost: HostCircuit;
}

/** The report as text, and whether everything is in order. Throws CONFIG if a file is bad. */
export async function check(options: CheckOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(options.config);
  const file = options.vanity ?? config.vanityFile;
  const map = loadVanity(file, { defaultHost: config.publicHost });
  await prepareCacheDir(config.cacheDir);
  const settings = vcsSettings(config);
  const { layout, unchecked: store } = openStores(config);
  const host = createCodeHost({ dir: layout.mirrors, settings: () => settings });
  const candidates = (path: string) => map.candidates(path);
  const roots = createRepoRoots({ candidates, host, refreshMs: () => config.refreshMs });
  const askHost = createHostCircuit(config.vcsConcurrency);
  const chosen = { modules: options.modules, name: options.try, store };
  const { targets, uncovered } = await checkTargets(map, chosen);

  let done = 0;
  options.onProgress?.(done, targets.length);
  const rows = await Promise.all(
    targets.map(async (target) => {
      const tried = await tryTarget(target, { host, roots, settings, candidates, askHost });
      options.onProgress?.((done += 1), targets.length);
      return tried;
    }),
  );
  const result = {
    vanity: file,
    dryRun: options.vanity !== undefined,
    warnings: [...config.warnings, ...map.warnings.map((warning) => formatProblem(map.file, warning))],
    rules: [...rows.flat(), ...uncovered.map((module) => uncoveredRow(map.file, module))],
  };
  // Patterns of which nothing was tried say nothing about the git host.
  const wasTried = result.rules.length === 0 || result.rules.some((row) => !row.skipped);
  const ok = wasTried && result.rules.every((row) => row.ok);
  const text =
    options.json === true ? `${JSON.stringify({ ok, ...result }, null, 2)}\n` : checkReport(result);
  return { text, ok };
}

/** One row for each repository of the module. */
async function tryTarget({ rule, module }: Target, trial: Trial): Promise<CheckRow[]> {
  if (module === undefined) return [{ ...blankRow(rule), skipped: true, ok: true }];
  const blank = { ...blankRow(rule), module };
  const [likeliest] = trial.candidates(module);
  const [first] = likeliest?.repos ?? [];
  if (rule.foreign !== undefined) {
    return [{ ...blank, problem: `only git is fetched here, and its repository is ${rule.foreign.vcs}` }];
  }
  if (likeliest === undefined || first === undefined) {
    return [{ ...blank, problem: `the rule makes no repository address of ${module}` }];
  }
  let root = likeliest;
  if (rule.takesRest) {
    try {
      root = await trial.askHost(first, () => trial.roots.find(module));
    } catch (error) {
      const access = await summarizeAccess(first, trial.settings.hosts);
      return [{ ...blank, repository: first.url, ...accessOf(access), ...failureOf(error) }];
    }
  }
  const rows = await Promise.all(
    root.repos.map((repo) => tryRepository({ ...blank, root: root.root }, repo, root, trial)),
  );
  const someReached = rows.some((row) => row.reached);
  return rows.map(({ notFound, ...row }) => ({ ...row, ok: row.reached || (notFound && someReached) }));
}

async function tryRepository(
  blank: CheckRow,
  repo: RepoUrl,
  { root, subdir }: RepoRoot,
  { host, settings, askHost }: Trial,
): Promise<CheckRow & { notFound: boolean }> {
  const access = await summarizeAccess(repo, settings.hosts);
  const row = { ...blank, repository: repo.url, ...accessOf(access), notFound: false };
  try {
    return await askHost(repo, async () => {
      const opened = await host.open(repo, 0);
      const module = codeModule({ path: parseModulePath(row.module), root, subdir, repo: opened });
      const { list } = await module.versions();
      return { ...row, reached: true, defaultBranch: opened.defaultBranch, versions: list.length };
    });
  } catch (error) {
    return { ...row, ...failureOf(error), notFound: isModhavenError(error, 'REPO_NOT_FOUND') };
  }
}

function uncoveredRow(file: string, module: string): CheckRow {
  const blank = { key: '', line: 0, prefix: module, sources: [] };
  const problem = `no rule in ${file} covers it`;
  return { ...blankRow(blank), problem, remedy: 'check the spelling, or add a rule' };
}

function blankRow(rule: Pick<VanityRule, 'key' | 'line' | 'prefix' | 'sources'>): CheckRow {
  return {
    rule: rule.key,
    line: rule.line,
    module: rule.prefix,
    root: undefined,
    repository: rule.sources[0] ?? '',
    hostEntry: undefined,
    credential: undefined,
    reached: false,
    skipped: false,
    ok: false,
    defaultBranch: undefined,
    versions: undefined,
    problem: undefined,
    remedy: undefined,
  };
}

function accessOf({ hostEntry, credential }: AccessSummary): Pick<CheckRow, 'hostEntry' | 'credential'> {
  return { hostEntry, credential };
}

/** Longer than any text of ours; a host's words are cut. */
const MAX_TEXT = 600;

function failureOf(error: unknown): Pick<CheckRow, 'problem' | 'remedy'> {
  if (!isModhavenError(error)) {
    return { problem: redactLine(errorMessage(error), MAX_TEXT), remedy: undefined };
  }
  const { message, reason, remedy } = error;
  return {
    problem: redactLine(reason ?? message, MAX_TEXT),
    remedy: remedy === undefined ? undefined : redactLine(remedy, MAX_TEXT),
  };
}
