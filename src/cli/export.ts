/** `modhaven export`: the finished versions of the cache as a plain tree, for a site without a network. */
import { join } from 'node:path';
import { loadConfig } from '../config/load-config.js';
import { ModhavenError } from '../errors.js';
import { isCanonicalVersion } from '../module/version.js';
import { openStores } from '../store/open/open-stores.js';
import { checkStateVersion } from '../store/state-version.js';
import type { VersionStore } from '../store/version-store.js';
import { sumMismatches, type SumMismatch } from '../transfer/check-sums.js';
import { exportVersions } from '../transfer/export-versions.js';
import { allVersions, type VersionName } from '../transfer/import-versions.js';
import { exportChecksums } from '../transfer/transfer-checksums.js';
import { readRequestList } from '../transfer/request-list.js';
import { storedVersions } from '../verify/stored.js';
import { checkIsOutside } from './common/cache-dir.js';
import { withChecksums } from './common/checksums.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';
import { sumErrors } from './output/sum-errors.js';
import { copiesInOrder, copyReport, copySummary } from './output/copy-report.js';
import { jsonText } from './output/json-text.js';

export interface ExportOptions {
  config?: string;
  /** The root of the tree. */
  dir: string;
  /** MODULE@VERSION, go.mod and go.sum files; empty for all that is in the cache. */
  wanted: string[];
  json?: boolean;
  onProgress?: OnProgress;
}

/** A version that is asked for and cannot be exported, because there is none or it is not the recorded one. */
interface Refused extends VersionName {
  query: string;
  mismatches: SumMismatch[];
}

/** The report as text, and whether all that was asked for is in the tree. Throws CONFIG and STORAGE. */
export async function exportTree(options: ExportOptions): Promise<{ text: string; ok: boolean }> {
  // Of a script whose variable is not set: the working directory is not what it means.
  if (options.dir === '') throw new ModhavenError('CONFIG', 'the folder of the tree is empty text; name one');
  const config = loadConfig(options.config);
  await checkStateVersion(config.cacheDir);
  await checkIsOutside(options.dir, config.cacheDir);
  const stores = openStores(config);
  const { unchecked: store } = stores;
  const { versions, missing, refused } = await choose(store, options.wanted);
  const onDone = counter(versions.length, options.onProgress);
  const copies = await exportVersions(versions, {
    store,
    dir: options.dir,
    onDone,
    ...(stores.bucket === undefined
      ? { storeDir: stores.layout.download }
      : { stagingDir: join(stores.layout.copies, 'export') }),
  });
  const names = new Set(versions.map(({ module, version }) => `${module}@${version}`));
  const wants = ({ module, version }: { module: string; version: string }) =>
    options.wanted.length === 0 || names.has(`${module}@${version}`);
  const checksums = await withChecksums(stores, ({ root }) => exportChecksums(root, options.dir, wants));
  const ok =
    copiesInOrder(copies) &&
    checksums.every(({ faults }) => faults.length === 0) &&
    missing.length + refused.length === 0;
  if (options.json === true) {
    const summary = { ...copySummary(copies), missing: missing.length, refused: refused.length };
    const result = { ok, dir: options.dir, summary, versions: copies, checksums, missing, refused };
    return { text: jsonText(result), ok };
  }
  const lines = [...missingReport(missing), ...sumErrors(refused)];
  return { text: [...lines, copyReport(copies, checksums, 'exported')].join('\n'), ok };
}

/** The lines about versions that are asked for and not there. */
export function missingReport(missing: readonly VersionName[]): string[] {
  if (missing.length === 0) return [];
  const lines = missing.map(({ module, version }) => `MISSING ${module}@${version}: it is not in the cache`);
  return [...lines, '  to do: modhaven warm fetches it'];
}

async function choose(
  store: VersionStore,
  args: readonly string[],
): Promise<{ versions: VersionName[]; missing: VersionName[]; refused: Refused[] }> {
  const chosen = { versions: [] as VersionName[], missing: [] as VersionName[], refused: [] as Refused[] };
  if (args.length === 0) return { ...chosen, versions: await allVersions(store) };
  for (const { module, query: version, sums } of await readRequestList(args)) {
    if (!isCanonicalVersion(version)) {
      throw new ModhavenError('CONFIG', `${module}@${version}: an export is of versions, such as v1.2.3`, {
        remedy: 'modhaven warm says which version it is',
      });
    }
    const mismatches = await sumMismatches(store, module, version, sums);
    if (mismatches.length > 0) {
      chosen.refused.push({ module, version, query: version, mismatches });
    } else if ((await storedVersions(store, module)).includes(version)) {
      chosen.versions.push({ module, version });
    } else {
      chosen.missing.push({ module, version });
    }
  }
  return chosen;
}
