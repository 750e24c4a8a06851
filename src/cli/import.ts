/** `modhaven import`: takes the versions that an export, a module cache or another proxy keeps into the cache. */
import { join } from 'node:path';
import { loadConfig } from '../config/load-config.js';
import type { ModulePath } from '../module/module-path.js';
import { createDiskStore } from '../proxy/disk-store.js';
import { allVersions, importVersions } from '../transfer/import-versions.js';
import { recordedSums } from '../transfer/checksum-folder.js';
import { importChecksums } from '../transfer/transfer-checksums.js';
import { noVersions, recognizeLayout } from '../transfer/layout.js';
import { copiesInOrder, copyReport, copySummary } from './copy-report.js';
import { counter, type OnProgress } from './progress-bar.js';

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
  const { cacheDir } = loadConfig(options.config);
  const storeDir = join(cacheDir, 'download');
  const store = createDiskStore(storeDir);
  const { name, dir, source, goStateDir } = await recognizeLayout(options.dir);
  const versions = await allVersions(source);
  if (versions.length === 0) throw noVersions(options.dir);
  const onDone = counter(versions.length, options.onProgress);
  const { dryRun = false } = options;
  // First, so that versions are compared with them.
  const checksums = await importChecksums(dir, storeDir, { goStateDir, dryRun });
  const recorded = (module: ModulePath, version: string) => recordedSums([storeDir, dir], module, version);
  const copies = await importVersions(versions, { source, store, recorded, dryRun, onDone });
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
    return { text: `${JSON.stringify(result, null, 2)}\n`, ok };
  }
  const done = dryRun ? 'would be imported' : 'imported';
  return { text: `${dir}: ${name}\n${copyReport(copies, checksums, done)}`, ok };
}
