/** The rows of `modhaven check` as text for people. */
import type { CheckRow } from './check-row.js';
import { tableLines } from './table.js';

export interface CheckResult {
  /** The vanity file that was tried. */
  vanity: string;
  /** Whether it is not the one in use. */
  dryRun: boolean;
  warnings: string[];
  rules: CheckRow[];
}

/** A table with cause and remedy below each failure, and a summary. */
export function checkReport({ vanity, dryRun, warnings, rules: rows }: CheckResult): string {
  const lines = warnings.map((warning) => `warning: ${warning}`);
  if (dryRun) lines.push(`dry run: ${vanity} is tried; the server goes on with its own file`);
  const [head = '', ...table] = tableLines([
    ['MODULE', 'RULE', 'REPOSITORY', 'REACHED', 'BRANCH', 'VERSIONS', 'LOGIN'],
    ...rows.map((row) => [
      row.module,
      row.rule === '' ? 'none' : `${row.rule} (line ${row.line})`,
      row.repository === '' ? '-' : row.repository,
      row.skipped ? 'pattern' : row.reached ? 'yes' : row.ok ? 'not there' : 'NO',
      row.defaultBranch ?? '-',
      row.versions === undefined ? '-' : String(row.versions),
      row.credential ?? '-',
    ]),
  ]);
  lines.push(head);
  rows.forEach((row, index) => lines.push(table[index] ?? '', ...notes(row)));
  lines.push(summary(rows));
  return `${lines.join('\n')}\n`;
}

function notes(row: CheckRow): string[] {
  if (row.skipped) {
    return ['    a pattern; to try one of its modules: modhaven check MODULE, or modhaven check --try NAME'];
  }
  const lines: string[] = [];
  if (row.reached && row.rule.endsWith('...}')) {
    lines.push(`    the git host has the repository at ${row.root ?? row.module}`);
  }
  if (row.problem !== undefined) lines.push(`    cause: ${row.problem}`);
  if (row.remedy !== undefined && !row.ok) lines.push(`    to do: ${row.remedy}`);
  return lines;
}

function summary(rows: CheckRow[]): string {
  const tried = rows.filter((row) => !row.skipped);
  if (tried.length === 0 && rows.length > 0) {
    return 'nothing was tried: every rule is a pattern; name one of their modules: modhaven check MODULE, or modhaven check --try NAME';
  }
  const failed = tried.filter((row) => !row.ok).length;
  if (failed > 0) return `${failed} of ${tried.length} repositories could not be read`;
  return `${tried.filter((row) => row.reached).length} of ${tried.length} repositories reached`;
}
