/** `modhaven migrate`: copies what the disk holds into the bucket, or back, beside a running server. */
import { join } from 'node:path';
import { loadConfig, type Config } from '../config/load-config.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { sortVersions } from '../module/semver.js';
import { openStores, type Stores } from '../store/open/open-stores.js';
import type { CopiedVersion } from '../transfer/copy-version.js';
import { allVersions, type VersionName } from '../transfer/import-versions.js';
import { migrateRecords, migrateSeals, migrateVersions, type CopiedBlobs } from '../transfer/migrate.js';
import { prepareCacheDir } from './common/cache-dir.js';
import { ownSums } from './own-sums.js';
import { copiesInOrder, copyReport, copySummary } from './output/copy-report.js';
import { jsonText } from './output/json-text.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';

export type StoreKind = 'disk' | 's3';

export interface MigrateCommandOptions {
  config?: string;
  from: StoreKind;
  to: StoreKind;
  json?: boolean;
  onProgress?: OnProgress;
}

/** The report as text, and whether all that is in the one store is in the other now. Throws CONFIG and STORAGE. */
export async function migrateStore(options: MigrateCommandOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(options.config);
  checkDirection(options, config);
  await prepareCacheDir(config.cacheDir);
  const [from, to] = [storesOf(options.from, config), storesOf(options.to, config)];
  await to.unchecked.probe();
  const { copies, records } = await migrateAll({ from, to }, config, options).catch(whereItEnded);
  const ok = copiesInOrder(copies) && records.different.length === 0;
  if (options.json === true) {
    const { from: source, to: target } = options;
    const result = { ok, from: source, to: target, summary: copySummary(copies), versions: copies, records };
    return { text: jsonText(result), ok };
  }
  const lines = records.different.map((name) => `DIFFERENT ${name}: another one is there, and stays`);
  const small = `seals, answers and checksum data: ${records.added} copied, ${records.same} there before\n`;
  return { text: [...lines, copyReport(copies, [], 'copied') + small].join('\n'), ok };
}

async function migrateAll(
  { from, to }: { from: Stores; to: Stores },
  config: Config,
  { onProgress }: MigrateCommandOptions,
): Promise<{ copies: CopiedVersion[]; records: CopiedBlobs }> {
  const seals = await migrateSeals({ from, to });
  const versions = await storedVersionsOf(from);
  const own = ownSums(config);
  const copies = await migrateVersions(versions, {
    from,
    to,
    recorded: ({ module, version }) => own(module, version),
    stagingDir: from.bucket && join(from.layout.copies, 'migrate'),
    onDone: counter(versions.length, onProgress),
  });
  // An earlier run may have been killed between a version and its list.
  await to.unchecked.listing?.mendLists?.();
  return { copies, records: sum(seals, await migrateRecords({ from, to })) };
}

/** All versions of which any part is stored, those of a module one after the other, the oldest first. */
async function storedVersionsOf({ unchecked, bucket }: Stores): Promise<VersionName[]> {
  if (bucket === undefined || unchecked.listing === undefined) return allVersions(unchecked);
  // In one pass: to list each module by itself would be a request each.
  const found: VersionName[] = [];
  for await (const { module, versions = [] } of unchecked.listing.scan(() => undefined)) {
    for (const version of sortVersions(versions.map((each) => each.version))) found.push({ module, version });
  }
  return found;
}

/** A place that failed in the middle costs no more than the rest of the way. */
function whereItEnded(error: unknown): never {
  if (!isModhavenError(error, 'STORAGE')) throw error;
  const { message, reason, remedy } = error;
  throw new ModhavenError('STORAGE', message, {
    reason,
    cause: error,
    remedy: `${remedy === undefined ? '' : `${remedy}; `}what was copied stays, and the next run goes on from there`,
  });
}

function checkDirection({ from, to }: MigrateCommandOptions, { s3 }: Config): void {
  if (from === to) {
    throw new ModhavenError('CONFIG', `--from ${from} --to ${to} is the same store`, {
      remedy: 'copy from disk to s3, or from s3 to disk',
    });
  }
  if (s3 !== undefined) return;
  throw new ModhavenError('CONFIG', 'no bucket is configured: store.s3 is missing in modhaven.yaml', {
    remedy:
      'write store: { s3: { bucket: … } } into a copy of modhaven.yaml and name it with --config; the server may go on with its own',
  });
}

function storesOf(kind: StoreKind, { cacheDir, s3 }: Config): Stores {
  return openStores({ cacheDir, s3: kind === 's3' ? s3 : undefined });
}

function sum(a: CopiedBlobs, b: CopiedBlobs): CopiedBlobs {
  return { added: a.added + b.added, same: a.same + b.same, different: [...a.different, ...b.different] };
}
