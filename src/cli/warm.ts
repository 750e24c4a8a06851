/** `modhaven warm`: fetches into the cache what a build will ask for, before anybody waits for it. */
import { createServices } from '../services.js';
import { createLog } from '../log/log.js';
import { createSettings } from '../config/settings.js';
import { fetchChecksums } from '../transfer/fetch-checksums.js';
import { isWarm, warmVersions, type Warmed } from '../transfer/warm.js';
import { readRequestList } from '../transfer/request-list.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { prepareCacheDir } from './common/cache-dir.js';
import { upgradeLayout } from '../store/state-version.js';
import { jsonText } from './output/json-text.js';
import { sumErrors } from './output/sum-errors.js';
import { count } from '../verify/report.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';

export interface WarmOptions {
  config?: string;
  json?: boolean;
  /** False: checksum databases are not asked. */
  sumdb?: boolean;
  /** MODULE@VERSION, go.mod and go.sum files. */
  wanted: string[];
  onProgress?: OnProgress;
}

/** Versions that are fetched at once; `go mod download` takes as many. */
const PARALLEL = 10;

/** The report as text, and whether everything is there and as recorded. Throws CONFIG for a bad file or argument. */
export async function warm(options: WarmOptions): Promise<{ text: string; ok: boolean }> {
  const settings = createSettings(options.config, {}, process.env);
  const { vanityFile, publicHost, cacheDir } = settings.current();
  await prepareCacheDir(cacheDir);
  await upgradeLayout(cacheDir);
  const map = loadVanity(vanityFile, { defaultHost: publicHost });
  const wanted = await readRequestList(options.wanted);
  const { log } = createLog({ level: 'silent', readable: false });
  const services = createServices({ settings, vanity: () => map, log });
  const { modules, store, sumdb, isPrivate, drift, stores } = services;
  drift.stop(); // the server's business
  // A bucket that is away is one failure, not one for each version.
  if (stores.bucket !== undefined) await stores.unchecked.probe();
  const asksSumdb = options.sumdb !== false && settings.current().upstream.length > 0;
  const versions = await warmVersions(wanted, {
    modules,
    store,
    isPrivate,
    concurrency: PARALLEL,
    checksums: asksSumdb ? (module, version) => fetchChecksums(sumdb, module, version) : undefined,
    onDone: counter(wanted.length, options.onProgress),
  });
  const ok = versions.every(isWarm);
  const warmed = versions.filter(isWarm);
  const fetched = warmed.filter((version) => version.fetched).length;
  const summary = {
    versions: versions.length,
    fetched,
    thereBefore: warmed.length - fetched,
    failed: versions.length - warmed.length,
  };
  const text = options.json === true ? jsonText({ ok, summary, versions }) : warmReport(versions, summary);
  return { text, ok };
}

interface Summary {
  versions: number;
  fetched: number;
  thereBefore: number;
  failed: number;
}

function warmReport(versions: readonly Warmed[], { fetched, thereBefore, failed }: Summary): string {
  const lines: string[] = [];
  for (const { module, query, version } of versions) {
    if (version !== undefined && version !== query) lines.push(`${module}@${query} is ${version}`);
  }
  for (const { module, query, version = query, cause, remedy } of versions) {
    if (cause === undefined) continue;
    lines.push(`FAILED ${module}@${version}: ${cause}`);
    if (remedy !== undefined) lines.push(`  to do: ${remedy}`);
  }
  const unrecorded = versions.filter((version) => version.unrecorded === true);
  for (const { module, query, version = query } of unrecorded) {
    lines.push(`no checksum database knows ${module}@${version}`);
  }
  if (unrecorded.length > 0) {
    lines.push('  to do: developers who build with them need GONOSUMDB for these modules');
  }
  lines.push(...sumErrors(versions));
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  const total = count(versions.length, 'version');
  lines.push(`${total}: ${fetched} fetched, ${thereBefore} there before${failures}`);
  return `${lines.join('\n')}\n`;
}
