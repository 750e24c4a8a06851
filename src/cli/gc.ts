/** `modhaven gc`: makes room in the cache, or says what could go. */
import { loadConfig } from '../config/load-config.js';
import { parseSize } from '../config/units.js';
import { ModhavenError } from '../errors.js';
import { sizeText } from '../size-text.js';
import { collect, type Collection } from '../gc/collect.js';
import { replaceable } from '../gc/replaceable.js';
import { checkStateVersion } from '../store/state-version.js';
import { openStores } from '../store/open/open-stores.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { prepareCacheDir } from './common/cache-dir.js';
import { jsonText } from './output/json-text.js';
import type { OnProgress } from './terminal/progress-bar.js';

export interface GcOptions {
  config?: string;
  dryRun?: boolean;
  /** As in the configuration; default: `cache.max_size`. */
  maxSize?: string;
  json?: boolean;
  onProgress?: OnProgress;
}

/** The report as text. Throws CONFIG and STORAGE. */
export async function gc(options: GcOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(options.config);
  const map = loadVanity(config.vanityFile, { defaultHost: config.publicHost });
  const maxBytes = options.maxSize === undefined ? config.cacheMaxSize : sizeOf(options.maxSize);
  await checkStateVersion(config.cacheDir);
  await prepareCacheDir(config.cacheDir);
  const { onProgress = () => undefined } = options;
  const stores = openStores(config);
  const isReplaceable = (module: string) => replaceable(module, config, map);
  const result = await collect({
    stores,
    maxBytes,
    isReplaceable,
    hasUpstream: config.upstream.length > 0,
    dryRun: options.dryRun === true,
    onProgress,
  });
  if (result === undefined) {
    throw new ModhavenError('STORAGE', 'another process makes room in the cache now', {
      remedy: 'try again when it has ended',
    });
  }
  const isWithin = result.after <= result.limit;
  const text = options.json === true ? jsonText({ isWithin, ...asJson(result) }) : report(result);
  // What is left and above the limit may not be removed: the command has done what it is for.
  return { text, ok: true };
}

function sizeOf(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) {
    throw new ModhavenError('CONFIG', `--max-size ${text} is not a size`, {
      remedy: 'write a number with a unit, such as 20GiB',
    });
  }
  return bytes;
}

function asJson({ mirrors, versions, answers, folders, ...result }: Collection): object {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    ...result,
    folders: Object.fromEntries(folders),
    mirrors: mirrors.map((mirror) => ({ ...mirror, lastUsed: iso(mirror.lastUsed) })),
    versions: versions.map((version) => ({ ...version, lastUsed: iso(version.lastUsed) })),
    answers: answers.map(({ path, bytes, lastUsed }) => ({ path, bytes, lastUsed: iso(lastUsed) })),
  };
}

function report(result: Collection): string {
  const { dryRun, before, after, limit, leftovers, mirrors, versions, answers } = result;
  const verb = dryRun ? 'would remove' : 'removed';
  const sum = (items: readonly { bytes: number }[]) =>
    sizeText(items.reduce((total, { bytes }) => total + bytes, 0));
  const lines = versions.map(({ module, version, lastUsed }) => {
    const day = new Date(lastUsed).toISOString().slice(0, 19);
    return `${verb} ${module}@${version}, last used ${day}Z`;
  });
  lines.push(
    `${verb}: leftovers of killed processes: ${leftovers.length} (${sum(leftovers)}), ` +
      `git mirrors: ${mirrors.length} (${sum(mirrors)}), public versions: ${versions.length} (${sum(versions)}), ` +
      `answers of upstreams and checksum databases: ${answers.length} (${sum(answers)})`,
    `cache: ${sizeText(before)} before, ${sizeText(after)} ${dryRun ? 'then' : 'now'}, limit ${sizeText(limit)}`,
  );
  if (after > limit) {
    lines.push(
      'what is left is above the limit and stays: private versions, your own checksum database and what is in use',
      '  to do: raise cache.max_size in modhaven.yaml, or give the cache a larger disk',
    );
  }
  return `${lines.join('\n')}\n`;
}
