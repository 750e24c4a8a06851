/** The rows of `modhaven check` as text for people. */
import type { SettingSource } from '../../config/sources.js';
import type { CheckRow } from '../probe/check-row.js';
import type { ServeProblem, ServeProblems } from '../probe/serve-problems.js';
import { tableLines } from './table.js';

export interface CheckResult {
  /** The vanity file that was tried. */
  vanity: string;
  /** Whether it is not the one in use. */
  dryRun: boolean;
  warnings: string[];
  /** What `serve` would fail on, apart from the repositories. */
  server: ServeProblems;
  settings: readonly SettingSource[];
  rules: CheckRow[];
}

/** A table with cause and remedy below each failure, and a summary. */
export function checkReport(result: CheckResult): string {
  const { vanity, dryRun, warnings, server, settings, rules: rows } = result;
  const lines = warnings.map((warning) => `warning: ${warning}`);
  for (const problem of server.warnings) lines.push(...serverLines('warning', problem));
  for (const problem of server.problems) lines.push(...serverLines('PROBLEM', problem));
  if (dryRun) lines.push(`dry run: ${vanity} is tried; the server goes on with its own file`);
  const [head = '', ...table] = tableLines([
    ['MODULE', 'RULE', 'REPOSITORY', 'REACHED', 'BRANCH', 'VERSIONS', 'LOGIN'],
    ...rows.map((row) => [
      row.module,
      row.rule === '' ? 'none' : `${row.rule} (line ${row.line})`,
      row.repository === '' ? '-' : row.repository,
      row.skipped && row.ok
        ? row.hostAnswers
          ? 'host answers'
          : 'pattern'
        : row.reached
          ? 'yes'
          : row.ok
            ? 'not there'
            : 'NO',
      row.defaultBranch ?? '-',
      row.versions === undefined ? '-' : String(row.versions),
      row.credential ?? '-',
    ]),
  ]);
  lines.push(head);
  rows.forEach((row, index) => lines.push(table[index] ?? '', ...notes(row)));
  lines.push(summary(rows), ...settingLines(settings));
  return `${lines.join('\n')}\n`;
}

function serverLines(word: string, { setting, problem, remedy }: ServeProblem): string[] {
  return [`${word}: ${setting}: ${problem}`, ...(remedy === undefined ? [] : [`    to do: ${remedy}`])];
}

/** The settings that somebody made, with their places, and the names of the others. */
function settingLines(settings: readonly SettingSource[]): string[] {
  const made = settings.filter(({ from }) => from !== 'default');
  const presets = settings.flatMap(({ key, value, from }) =>
    from === 'default' ? [value === '' ? key : `${key} ${value}`] : [],
  );
  return [
    'settings:',
    ...made.map(({ key, value, place }) => `  ${key}: ${value} (${place})`),
    ...(presets.length === 0 ? [] : [`  by default: ${presets.join(', ')}`]),
  ];
}

function notes(row: CheckRow): string[] {
  const lines: string[] = [];
  if (row.warning !== undefined) lines.push(`    warning: ${row.warning}`);
  if (row.skipped && row.ok) {
    lines.push(
      '    a pattern; to try one of its modules: modhaven check MODULE, or modhaven check --try NAME',
    );
  }
  if (row.reached && row.rule.endsWith('...}')) {
    lines.push(`    the git host has the repository at ${row.root ?? row.module}`);
  }
  if (row.problem !== undefined) lines.push(`    cause: ${row.problem}`);
  if (row.remedy !== undefined && !row.ok) lines.push(`    to do: ${row.remedy}`);
  return lines;
}

function summary(rows: CheckRow[]): string {
  const tried = rows.filter((row) => !row.skipped || !row.ok);
  if (tried.length === 0 && rows.length > 0) {
    const answered = rows.filter((row) => row.hostAnswers).length;
    const asked =
      answered === 0
        ? 'nothing was tried'
        : `the hosts of ${answered} of ${rows.length} rules answer, and no repository was tried`;
    return `${asked}: every rule is a pattern, and no repository of it is known. Name one: modhaven check MODULE, or modhaven check --try NAME`;
  }
  const failed = tried.filter((row) => !row.ok).length;
  if (failed > 0) return `${failed} of ${tried.length} repositories could not be read`;
  return `${tried.filter((row) => row.reached).length} of ${tried.length} repositories reached`;
}
