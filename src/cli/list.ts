/** `modhaven list`: the modules in the store, with their newest version, number of versions and size. */
import { loadConfig } from '../config/load-config.js';
import { ModhavenError } from '../errors.js';
import { sizeText } from '../size-text.js';
import type { ModulePath } from '../module/module-path.js';
import { parsePathPatterns, type PathPattern } from '../module/path-patterns.js';
import { newestRelease } from '../module/latest.js';
import { sortVersions } from '../module/semver.js';
import { openStores } from '../store/open/open-stores.js';
import { checkStateVersion } from '../store/state-version.js';
import { PART_KINDS, type VersionReader } from '../store/version-store.js';
import { jsonText } from './output/json-text.js';
import { tableLines } from './output/table.js';
import { counter, type OnProgress } from './terminal/progress-bar.js';

export interface ListOptions {
  config?: string;
  /** GOPRIVATE patterns, separated by commas; absent: all modules. */
  pattern?: string;
  json?: boolean;
  onProgress?: OnProgress;
}

interface StoredModule {
  module: ModulePath;
  /** The newest release; without one, the newest version at all. */
  newest: string;
  versions: number;
  bytes: number;
}

/** The list as text. Throws CONFIG for a bad file or pattern, STORAGE if the store cannot be read. */
export async function list(options: ListOptions): Promise<string> {
  const { config, pattern, json = false, onProgress } = options;
  const matches = pattern === undefined ? () => true : readPattern(pattern);
  const settings = loadConfig(config);
  await checkStateVersion(settings.cacheDir);
  // Unchecked: to hash every zip for a list of names would take hours in a large store.
  const { unchecked: store } = openStores(settings);
  const names: ModulePath[] = [];
  for await (const module of store.modules()) if (matches(module)) names.push(module);
  const onDone = counter(names.length, onProgress);
  const modules: StoredModule[] = [];
  for (const module of names) {
    const stored = await describe(store, module);
    if (stored !== undefined) modules.push(stored);
    onDone();
  }
  if (json) return jsonText(modules);
  if (modules.length === 0) {
    return pattern === undefined
      ? 'the store holds no module\n'
      : `the store holds no module that matches ${pattern}\n`;
  }
  const rows = modules.map(({ module, newest, versions, bytes }) => [
    module,
    newest,
    String(versions),
    sizeText(bytes),
  ]);
  return `${tableLines([['MODULE', 'NEWEST', 'VERSIONS', 'SIZE'], ...rows]).join('\n')}\n`;
}

function readPattern(pattern: string): PathPattern {
  const matches = parsePathPatterns(pattern);
  if (matches !== undefined) return matches;
  throw new ModhavenError('CONFIG', `${JSON.stringify(pattern)} is not a pattern of module paths`, {
    remedy: 'write it as in GOPRIVATE, for instance mycompany.com/go or mycompany.com/*/tools',
  });
}

/** Undefined if nothing but files without a go.mod is stored. */
async function describe(store: VersionReader, module: ModulePath): Promise<StoredModule | undefined> {
  const versions = sortVersions(await store.versions(module, 'mod'));
  const newest = newestRelease(versions);
  if (newest === undefined) return undefined;
  const parts = versions.flatMap((version) => PART_KINDS.map((kind) => ({ module, version, kind })));
  let bytes = 0;
  for (const part of parts) bytes += (await store.size(part)) ?? 0;
  return { module, newest, versions: versions.length, bytes };
}
