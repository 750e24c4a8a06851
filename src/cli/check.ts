/**
 * `modhaven check`: validates both YAML files, then tries every rule's repository as the server would: with the same
 * credentials, the same ssh options and the same git.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseConfig, readConfig, type Config } from '../config/load-config.js';
import { vcsSettings } from '../config/settings.js';
import { settingSources } from '../config/sources.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { createRepoRoots } from '../modfetch/repo-root.js';
import { openStores, type StoreSettings } from '../store/open/open-stores.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { createCodeHost } from '../vcs/code-host.js';
import { formatProblem } from '../yaml/problems.js';
import { prepareCacheDir } from './common/cache-dir.js';
import { blankRow, type CheckRow } from './probe/check-row.js';
import { checkTargets } from './probe/check-targets.js';
import { createHostCircuit } from './probe/host-circuit.js';
import { gitHostProblems } from './probe/git-host-problem.js';
import { serveProblems } from './probe/serve-problems.js';
import { sharedPlaceProblems } from './probe/shared-places.js';
import { tryTarget } from './probe/try-repository.js';
import { checkReport } from './output/check-report.js';
import { jsonText } from './output/json-text.js';
import type { OnProgress } from './terminal/progress-bar.js';

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

/** The report as text, and whether everything is in order. Throws CONFIG if a file is bad. */
export async function check(options: CheckOptions): Promise<{ text: string; ok: boolean }> {
  const { config, sources, file, map } = readBoth(options);
  await prepareCacheDir(config.cacheDir);
  const settings = vcsSettings(config);
  const stores = openStores(withShortLimits(config));
  const { layout } = stores;
  const shared = await sharedPlaceProblems(config, stores);
  const host = createCodeHost({ dir: layout.mirrors, settings: () => settings });
  const candidates = (path: string) => map.candidates(path);
  const roots = createRepoRoots({ candidates, host, refreshMs: () => config.refreshMs });
  const askHost = createHostCircuit(config.vcsConcurrency);
  // Of a bucket that cannot be used it is not known what it holds.
  const store = shared.problems.length === 0 ? stores.unchecked : undefined;
  const chosen = { modules: options.modules, name: options.try, store };
  const { targets, uncovered } = await checkTargets(map, chosen);
  const server = await serveProblems(config, sources);
  server.problems.push(...shared.problems);
  server.warnings.push(...shared.warnings, ...(await gitHostProblems(config, { vanity: () => map, roots })));

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
    server,
    settings: sources,
    rules: [...rows.flat(), ...uncovered.map((module) => uncoveredRow(map.file, module))],
  };
  // Of a pattern of which no repository is known its host is asked: where not even that was, nothing is proved.
  const wasAsked = result.rules.length === 0 || result.rules.some((row) => !row.skipped || row.hostAnswers);
  const ok = wasAsked && result.rules.every((row) => row.ok) && server.problems.length === 0;
  const report = options.json === true ? jsonText({ ok, ...result }) : checkReport(result);
  return { text: report, ok };
}

/** Waits for a bucket that sends nothing as long as for a git host. */
function withShortLimits({ cacheDir, s3, vcsConnectTimeoutMs: ms }: Config): StoreSettings {
  return { cacheDir, s3: s3 && { ...s3, limits: { attempts: 2, answerMs: ms / 2 } } };
}

/** Both files. Throws CONFIG with what is wrong in either of them: an error in one does not hide those in the other. */
function readBoth(options: CheckOptions) {
  const { file: configFile, text } = readConfig(options.config);
  let config: Config;
  try {
    config = parseConfig(text, configFile, process.env);
  } catch (error) {
    const beside = path.join(configFile === undefined ? '' : path.dirname(configFile), 'vanity.yaml');
    throw withProblemsOf(options.vanity ?? beside, error);
  }
  const file = options.vanity ?? config.vanityFile;
  const namedBy = options.vanity === undefined ? undefined : '--vanity';
  const map = loadVanity(file, { defaultHost: config.publicHost, namedBy });
  return { config, sources: settingSources({ file: configFile, text, env: process.env }), file, map };
}

/** `error`, with the problems of the vanity file below it, where there is one and it has some. */
function withProblemsOf(vanity: string, error: unknown): unknown {
  if (!isModhavenError(error, 'CONFIG') || !existsSync(vanity)) return error;
  try {
    loadVanity(vanity, { defaultHost: 'localhost' });
    return error;
  } catch (other) {
    if (!isModhavenError(other, 'CONFIG')) return error;
    const { reason, remedy } = error;
    return new ModhavenError('CONFIG', `${error.message}\n${other.message}`, {
      reason,
      remedy,
      cause: error,
    });
  }
}

function uncoveredRow(file: string, module: string): CheckRow {
  const blank = { key: '', line: 0, prefix: module, sources: [] };
  const problem = `no rule in ${file} covers it`;
  return { ...blankRow(blank), problem, remedy: 'check the spelling, or add a rule' };
}
