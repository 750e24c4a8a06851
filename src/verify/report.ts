/** What a verification found, for people: by module, what is in order in one line, everything else with cause and remedy. */
import { VERDICTS, type Comparison, type FileDifference, type Verdict } from './compare-version.js';
import type { StoredVersion } from './stored.js';

/** Files that are named; how many more there are is said. */
const MAX_FILES = 5;

/** Verdicts with which a move is not safe. */
const BAD: ReadonlySet<Verdict> = new Set(['different', 'missing', 'unreachable']);

/** Whether a version stands in the way of the move. */
export function isBad({ verdict }: Comparison): boolean {
  return BAD.has(verdict);
}

/** How many versions there are of each verdict. */
export function countVerdicts(comparisons: readonly Comparison[]): Record<Verdict, number> {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const { verdict } of comparisons) counts[verdict] += 1;
  return counts;
}

/** The report of a comparison with a target; `resumed` of the versions are from an earlier run. */
export function comparisonReport(comparisons: readonly Comparison[], resumed: number): string {
  const lines: string[] = [];
  const modules = groupBy(comparisons, ({ module }) => module);
  const width = Math.max(...comparisons.map(({ version = '' }) => version.length), 0);
  for (const [module, versions] of modules) {
    lines.push(`${module} -> ${whereabouts(versions)}`);
    const same = versions.filter(({ verdict }) => verdict === 'same');
    if (same.length > 0) lines.push(`  same          ${range(same)}`);
    for (const comparison of versions) {
      if (comparison.verdict !== 'same') lines.push(...comparisonLines(comparison, width));
    }
  }
  const counts = countVerdicts(comparisons);
  if (resumed > 0) lines.push(`${count(resumed, 'result')} taken from the earlier run`);
  const parts = VERDICTS.filter((verdict) => verdict === 'same' || counts[verdict] > 0);
  const versions = comparisons.filter(({ version }) => version !== undefined).length;
  const total = `${count(versions, 'version')} of ${count(modules.size, 'module')}`;
  const summary = parts.map((verdict) => `${counts[verdict]} ${SUMMARY[verdict]}`).join(', ');
  lines.push(comparisons.length === 0 ? 'no versions to compare' : `${total}: ${summary}`);
  return `${lines.join('\n')}\n`;
}

const SUMMARY: Record<Verdict, string> = {
  same: 'same',
  'moved-commit': 'same in another commit',
  different: 'different',
  missing: 'missing',
  unreachable: 'out of reach',
  extra: 'in the new repository only',
};

/** Verdicts as the table shows them: what stands in the way is in capitals. */
function shown(verdict: Verdict): string {
  return (BAD.has(verdict) ? verdict.toUpperCase() : verdict).padEnd(12);
}

/** The repository that has them; where none was found, those that the map names. */
function whereabouts(versions: readonly Comparison[]): string {
  const found = versions.find((comparison) => comparison.found !== undefined)?.found?.repository;
  const home = versions[0]?.home ?? [];
  return found ?? (home.length === 0 ? 'no rule' : home.join(', '));
}

function comparisonLines(comparison: Comparison, width: number): string[] {
  const { verdict, version = '', cause, remedy, files = [] } = comparison;
  const lines = [`  ${shown(verdict)}  ${version.padEnd(width)}  ${details(comparison)}`.trimEnd()];
  if (files.length > 0) lines.push(`      files: ${fileList(files)}`);
  if (cause !== undefined) lines.push(`      cause: ${cause}`);
  if (remedy !== undefined) lines.push(`      to do: ${remedy}`);
  return lines;
}

function details({ verdict, stored, old, found }: Comparison): string {
  const before = (stored.commit ?? old?.commit)?.slice(0, 12);
  const after = found?.commit?.slice(0, 12);
  if (after === undefined) return '';
  if (verdict === 'extra' || before === undefined) return `commit ${after}`;
  return before === after ? `commit ${before}` : `commit ${before} is ${after} there`;
}

/** The first few files that differ, in one line. */
export function fileList(files: readonly FileDifference[]): string {
  const named = files.slice(0, MAX_FILES).map(({ path, change }) => `${path} (${change})`);
  if (files.length > MAX_FILES) named.push(`and ${files.length - MAX_FILES} more`);
  return named.join(', ');
}

function range(versions: readonly Comparison[]): string {
  const [first, ...rest] = versions.map(({ version = '' }) => version);
  const last = rest.at(-1);
  if (last === undefined) return first ?? '';
  if (rest.length < 3) return [first, ...rest].join(' ');
  return `${first ?? ''} … ${last} (${count(versions.length, 'version')})`;
}

/** The report on the store itself. */
export function storedReport(versions: readonly StoredVersion[], leftovers: readonly string[]): string {
  const lines: string[] = [];
  for (const { module, version, faults } of versions) {
    for (const { part, problem } of faults) lines.push(`${module}@${version}: .${part} ${problem}`);
  }
  for (const file of leftovers) {
    lines.push(`unfinished: ${file} (unless modhaven is writing it now, remove it)`);
  }
  const bad = versions.filter(({ faults }) => faults.length > 0).length;
  const modules = new Set(versions.map(({ module }) => module)).size;
  const total = `${count(versions.length, 'version')} of ${count(modules, 'module')}`;
  if (bad > 0) {
    lines.push(
      '  to do: restore these files from a backup; without one, remove all files of the version from the cache,',
      '         so that it is fetched again, and compare its hash with a go.sum',
    );
  }
  lines.push(bad === 0 ? `${total}: all as recorded` : `${total}: ${bad} not as recorded`);
  return `${lines.join('\n')}\n`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A number and what is counted: `1 version`, `2 versions`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
