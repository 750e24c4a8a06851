/** `modhaven check`: validates both YAML files, then tries every rule's repository as the server would. */
import { join } from 'node:path';
import pLimit from 'p-limit';
import { loadConfig, type Config } from '../config/load-config.js';
import { formatProblem } from '../config/yaml-source.js';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { parseModulePath } from '../module/module-path.js';
import { codeModule } from '../proxy/code-module.js';
import { vcsSettings } from '../settings.js';
import { createCodeHost } from '../vcs/code-host.js';
import type { CodeHost } from '../vcs/types.js';
import type { RepoRoot } from '../vanity/rule.js';
import { loadVanity } from '../vanity/vanity-file.js';
import type { VanityMap } from '../vanity/vanity-map.js';

export interface CheckOptions {
  config?: string;
  json?: boolean;
  /** Module paths to try; empty for every rule. */
  modules: string[];
}

/** One row of the report. */
export interface CheckRow {
  rule: string;
  /** The module path that was tried; that of the rule unless modules were given. */
  module: string;
  repository: string;
  reached: boolean;
  /** A pattern stands for no repository in particular, so there is nothing to try. */
  skipped: boolean;
  defaultBranch: string | undefined;
  versions: number | undefined;
  problem: string | undefined;
  remedy: string | undefined;
}

/** The report as text, and whether everything is in order. Throws CONFIG if a file is bad. */
export async function check({
  config: file,
  json,
  modules,
}: CheckOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(file);
  const map = loadVanity(config.vanityFile, { defaultHost: config.publicHost });
  const host = createCodeHost({ dir: join(config.cacheDir, 'vcs'), settings: () => vcsSettings(config) });
  const rows = await tryAll(targets(map, modules), host, config);
  const warnings = [...config.warnings, ...map.warnings.map((warning) => formatProblem(map.file, warning))];
  const ok = rows.every((row) => row.reached || row.skipped);
  const text =
    json === true ? `${JSON.stringify({ ok, warnings, rules: rows }, null, 2)}\n` : report(rows, warnings);
  return { text, ok };
}

interface Target {
  module: string;
  /** Undefined for a pattern that no module was given for. */
  root: RepoRoot | undefined;
  row: Pick<CheckRow, 'rule' | 'repository'>;
}

function targets(map: VanityMap, modules: string[]): Target[] {
  if (modules.length === 0)
    return map.rules.map((rule) => ({
      module: rule.prefix,
      root: rule.isPattern ? undefined : map.resolve(rule.prefix),
      row: { rule: rule.key, repository: rule.sources[0] ?? '' },
    }));
  return modules.map((module) => {
    const root = map.resolve(module);
    if (root === undefined)
      throw new ModhavenError('CONFIG', `no rule in ${map.file} covers ${module}`, {
        remedy: 'check the spelling, or add a rule',
      });
    return { module, root, row: { rule: root.rule.key, repository: root.repos[0]?.url ?? '' } };
  });
}

function tryAll(list: Target[], host: CodeHost, config: Config): Promise<CheckRow[]> {
  const limit = pLimit(config.vcsConcurrency);
  return Promise.all(list.map((target) => limit(() => tryOne(target, host))));
}

async function tryOne({ module, root, row }: Target, host: CodeHost): Promise<CheckRow> {
  const unknown = { defaultBranch: undefined, versions: undefined, problem: undefined, remedy: undefined };
  const [remote] = root?.repos ?? [];
  if (root === undefined || remote === undefined)
    return { ...row, module, reached: false, skipped: true, ...unknown };
  try {
    const repo = await host.open(remote, 0);
    const path = parseModulePath(module);
    const { list } = await codeModule({ path, root: root.root, subdir: root.subdir, repo }).versions();
    const { defaultBranch } = repo;
    return {
      ...row,
      module,
      reached: true,
      skipped: false,
      ...unknown,
      defaultBranch,
      versions: list.length,
    };
  } catch (error) {
    const problem = isModhavenError(error) ? (error.reason ?? error.message) : errorMessage(error);
    const remedy = isModhavenError(error) ? error.remedy : undefined;
    return { ...row, module, reached: false, skipped: false, ...unknown, problem, remedy };
  }
}

function report(rows: CheckRow[], warnings: string[]): string {
  const table = [
    ['RULE', 'REPOSITORY', 'REACHED', 'BRANCH', 'VERSIONS'],
    ...rows.map((row) => [
      row.rule === row.module || !row.skipped ? row.module : row.rule,
      row.repository,
      row.skipped ? 'pattern' : row.reached ? 'yes' : 'NO',
      row.defaultBranch ?? '-',
      row.versions === undefined ? '-' : String(row.versions),
    ]),
  ];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const lines: string[] = warnings.map((warning) => `warning: ${warning}`);
  table.forEach((cells, index) => {
    lines.push(
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    const row = rows[index - 1];
    if (row?.problem !== undefined) lines.push(`    cause: ${row.problem}`);
    if (row?.remedy !== undefined) lines.push(`    to do: ${row.remedy}`);
    if (row?.skipped === true) lines.push(`    a pattern; to try one of its modules: modhaven check MODULE`);
  });
  const failed = rows.filter((row) => !row.reached && !row.skipped).length;
  const tried = rows.filter((row) => !row.skipped).length;
  lines.push(
    failed === 0
      ? `${tried} of ${tried} repositories reached`
      : `${failed} of ${tried} repositories could not be read`,
  );
  return `${lines.join('\n')}\n`;
}
