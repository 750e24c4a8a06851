/** What an export or import did, for people. */
import type { CopiedChecksums } from '../../transfer/copy-checksums.js';
import type { CopiedVersion } from '../../transfer/copy-version.js';
import { count } from '../../verify/report.js';

export type CopySummary = Record<'versions' | CopiedVersion['outcome'], number>;

/** Whether nothing is damaged and nothing different. What is incomplete was never finished: it is left out and said. */
export function copiesInOrder(copies: readonly CopiedVersion[]): boolean {
  return copies.every(({ outcome }) => outcome !== 'damaged' && outcome !== 'different');
}

export function copySummary(copies: readonly CopiedVersion[]): CopySummary {
  const number = (wanted: CopiedVersion['outcome']) =>
    copies.filter(({ outcome }) => outcome === wanted).length;
  return {
    versions: copies.length,
    added: number('added'),
    same: number('same'),
    incomplete: number('incomplete'),
    damaged: number('damaged'),
    different: number('different'),
  };
}

/** A line for whatever is not in order, and one for all. `done` is the word for what was added. */
export function copyReport(
  copies: readonly CopiedVersion[],
  checksums: readonly CopiedChecksums[],
  done: string,
): string {
  const lines = copies.flatMap(({ module, version, outcome, faults }) =>
    faults.map(({ part, problem }) => `${outcome.toUpperCase()} ${module}@${version}: .${part} ${problem}`),
  );
  for (const { module, version, outcome } of copies) {
    if (outcome === 'incomplete') {
      lines.push(`left out ${module}@${version}: its go.mod is not stored, so no build can use it`);
    }
  }
  for (const { database, faults } of checksums) {
    for (const fault of faults) lines.push(`NOT PROVED ${database}: ${fault}`);
  }
  const { versions, added, same, incomplete, damaged, different } = copySummary(copies);
  if (different > 0) {
    lines.push(
      '  to do: nothing was replaced. Compare both hashes with a go.sum to learn which of the two is the right one;',
      '         what is damaged there is written again once its files are removed',
    );
  }
  const parts = [`${added} ${done}`, `${same} there before`];
  if (incomplete > 0) parts.push(`${incomplete} left out`);
  if (damaged > 0) parts.push(`${damaged} damaged`);
  if (different > 0) parts.push(`${different} different`);
  lines.push(`${count(versions, 'version')}: ${parts.join(', ')}`);
  for (const { database, added: fresh, same: known, treeSize } of checksums) {
    if (treeSize > 0) {
      lines.push(
        `${count(fresh + known, 'record')} of ${database}: ${fresh} ${done}, ${known} there before; all proved in its tree of ${treeSize}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
