/** `modhaven purge`: takes versions out of the store; other content can never come back under their names. */
import { audited } from './common/audited.js';
import { loadConfig } from '../config/load-config.js';
import { ModhavenError, isModhavenError, withFurtherRemedy } from '../errors.js';
import { parseModulePath } from '../module/module-path.js';
import { isCanonicalVersion } from '../module/version.js';
import { checkStateVersion } from '../store/state-version.js';
import { openStores } from '../store/open/open-stores.js';
import { purge } from '../store/purge.js';
import type { ModuleVersion } from '../store/version-store.js';
import { jsonText } from './output/json-text.js';

export interface PurgeOptions {
  config?: string;
  /** Does not ask. */
  yes?: boolean;
  json?: boolean;
  /** MODULE@VERSION. */
  versions: string[];
  /** Asks the person at the terminal; undefined if there is none. */
  ask: ((text: string) => Promise<boolean>) | undefined;
}

/** The report as text, and whether all versions were there and are gone. Throws CONFIG and STORAGE. */
export async function purgeVersions(options: PurgeOptions): Promise<{ text: string; ok: boolean }> {
  const versions = options.versions.map(parseVersion);
  const config = loadConfig(options.config);
  await checkStateVersion(config.cacheDir);
  const stores = openStores(config);
  const names = versions.map(nameOf).join(', ');
  if (options.yes !== true && !(await confirm(names, options.ask))) {
    return { text: report([], options), ok: false };
  }
  const purged: Purged[] = [];
  for (const version of versions) {
    const sums = await purge(stores, version).catch((error: unknown) => {
      throw afterOthers(error, purged);
    });
    if (sums !== undefined) await audited(options.config, { event: 'purge', ...version });
    purged.push({ ...version, purged: sums !== undefined, h1: sums?.zip });
  }
  return { text: report(purged, options), ok: purged.every((each) => each.purged) };
}

/** A store that failed, with what was purged before. */
function afterOthers(error: unknown, before: readonly Purged[]): unknown {
  const names = before.filter((each) => each.purged).map(nameOf);
  if (!isModhavenError(error, 'STORAGE') || names.length === 0) return error;
  return withFurtherRemedy(error, `what was purged before stays so: ${names.join(', ')}`);
}

interface Purged extends ModuleVersion {
  /** False if nothing of it was in the cache. */
  purged: boolean;
  /** Hash of the only zip that can come back; undefined where none was stored. */
  h1: string | undefined;
}

function report(versions: readonly Purged[], { json }: PurgeOptions): string {
  if (json === true) {
    const ok = versions.length > 0 && versions.every((each) => each.purged);
    return jsonText({ ok, versions });
  }
  if (versions.length === 0) return 'nothing was purged\n';
  const lines = versions.map((version) => {
    if (!version.purged) return `${nameOf(version)}: nothing of it is in the cache`;
    return `purged ${nameOf(version)}${version.h1 === undefined ? '' : `; only ${version.h1} can come back`}`;
  });
  return `${lines.join('\n')}\n`;
}

async function confirm(names: string, ask: PurgeOptions['ask']): Promise<boolean> {
  if (ask === undefined) {
    throw new ModhavenError('CONFIG', 'purge asks first, and there is no terminal to ask at', {
      remedy: 'add --yes if you are sure',
    });
  }
  return ask(`Remove ${names} from the cache?`);
}

function parseVersion(argument: string): ModuleVersion {
  const at = argument.indexOf('@');
  const version = argument.slice(at + 1);
  if (at < 0 || !isCanonicalVersion(version)) {
    throw new ModhavenError('CONFIG', `${argument}: purge is of versions, such as example.com/lib@v1.2.3`);
  }
  try {
    return { module: parseModulePath(argument.slice(0, at)), version };
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    const { message, reason, remedy } = error;
    throw new ModhavenError('CONFIG', message, { reason, remedy, cause: error });
  }
}

function nameOf({ module, version }: ModuleVersion): string {
  return `${module}@${version}`;
}
