/** `modhaven import`: takes the versions that an export, a module cache or another proxy keeps into the cache. */
import { loadConfig } from '../config/load-config.js';
import type { ModulePath } from '../module/module-path.js';
import { openStores } from '../store/open/open-stores.js';
import { allVersions, importVersions } from '../transfer/import-versions.js';
import { recordedSums } from '../transfer/checksum-folder.js';
import { importChecksums } from '../transfer/transfer-checksums.js';
import { noVersions, recognizeLayout } from '../transfer/layout.js';
import { checkIsOutside, prepareCacheDir } from './common/cache-dir.js';
import { withChecksums } from './common/checksums.js';
import { ownSums } from './own-sums.js';
import { upgradeLayout } from '../store/state-version.js';
import { copiesInOrder, copyReport, copySummary } from './output/copy-report.js';
import { jsonText } from './output/json-text.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';

export interface ImportOptions {
  config?: string;
  dir: string;
  /** Checks and compares, and stores nothing. */
  dryRun?: boolean;
  json?: boolean;
  onProgress?: OnProgress;
}

/** The report as text, and whether all that is in the folder is in the cache now. Throws CONFIG and STORAGE. */
export async function importTree(options: ImportOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(options.config);
  await prepareCacheDir(config.cacheDir);
  await checkIsOutside(options.dir, config.cacheDir);
  await upgradeLayout(config.cacheDir);
  const stores = openStores(config);
  const { name, dir, source, goStateDir } = await recognizeLayout(options.dir);
  const versions = await allVersions(source);
  if (versions.length === 0) throw noVersions(options.dir);
  const onDone = counter(versions.length, options.onProgress);
  const { dryRun = false } = options;
  if (!dryRun) await stores.unchecked.probe();
  const own = ownSums(config);
  const { checksums, copies } = await withChecksums(stores, async ({ root, keep }) => {
    // First, so that versions are compared with them.
    const checksums = await importChecksums(dir, root, { goStateDir, dryRun, keep });
    const recorded = async (module: ModulePath, version: string) => [
      ...(await own(module, version)),
      ...(await recordedSums([root, dir], module, version)),
    ];
    const store = stores.versions;
    return { checksums, copies: await importVersions(versions, { source, store, recorded, dryRun, onDone }) };
  });
  const ok = copiesInOrder(copies) && checksums.every(({ faults }) => faults.length === 0);
  if (options.json === true) {
    const result = {
      ok,
      layout: name,
      dir,
      dryRun,
      summary: copySummary(copies),
      versions: copies,
      checksums,
    };
    return { text: jsonText(result), ok };
  }
  const done = dryRun ? 'would be imported' : 'imported';
  return { text: `${dir}: ${name}\n${copyReport(copies, checksums, done)}`, ok };
}
