/**
 * The settings in use, and how they are read again.
 *
 * A reload is all or nothing: a file with an error changes nothing. What a running server cannot change (where it
 * listens, whether by https, where its cache is, how many workers it has) keeps its old value, and that is said.
 */
import { findConfigFile } from './config-file.js';
import { parseConfig, publicAddress, readConfig, type Config, type ConfigOverrides } from './load-config.js';
import type { ModhavenError } from '../errors.js';
import { LastGood } from '../fs/last-good.js';
import { emptiedFile, saysNothing } from '../yaml/empty-file.js';

export interface Settings {
  current(): Config;
  /** What is wrong with the file on disk; undefined if it is the one in use. */
  lastError(): ModhavenError | undefined;
  /** Reads the file again. Returns the settings whose change needs a restart; undefined if the file is bad. */
  reload(): string[] | undefined;
}

/** Reads `file` for the first time. Throws CONFIG. */
export function createSettings(
  flag: string | undefined,
  overrides: ConfigOverrides,
  env: NodeJS.ProcessEnv,
): Settings {
  // Found once: a file that turns up in another place is not the one that this server was started with.
  const file = findConfigFile(flag, env);
  let needRestart: string[] = [];
  /** Of the settings in use. */
  let textInUse = '';
  const config = new LastGood<Config>((last) => {
    const { text } = readConfig(file, env);
    // Without `auth` everybody may read everything: a file that an editor has just emptied is not taken, although it is valid.
    if (last !== undefined && saysNothing(text) && !saysNothing(textInUse)) {
      throw emptiedFile(file ?? 'modhaven.yaml', 'no settings', '{}');
    }
    const next = parseConfig(text, file, env, overrides);
    textInUse = text;
    if (last === undefined) return next;
    const { listen, cacheDir, workers } = last;
    const fixed = { listen, cacheDir, workers };
    const ignored = KEPT.filter(([, key]) => JSON.stringify(next[key]) !== JSON.stringify(fixed[key]));
    // Other files may be named; but what listens speaks either http or https.
    const isOtherScheme = (next.tls === undefined) !== (last.tls === undefined);
    needRestart = [...ignored.map(([name]) => name), ...(isOtherScheme ? ['tls'] : [])];
    const tls = isOtherScheme ? last.tls : next.tls;
    // What is told to developers is where the server listens now, not where it will after a restart.
    const address = next.publicUrlIsDefault ? publicAddress(undefined, listen, tls) : {};
    return { ...next, ...fixed, tls, ...address };
  }, file ?? 'modhaven.yaml');
  return {
    current: () => config.value,
    lastError: () => config.error,
    reload: () => (config.reload() ? needRestart : undefined),
  };
}

const KEPT = [
  ['listen', 'listen'],
  ['cache.dir', 'cacheDir'],
  ['workers', 'workers'],
] as const;

/** What the git layer needs of the settings (`VcsSettings` of `vcs/transport/access.ts`). */
export interface GitSettings {
  timeoutMs: number;
  connectTimeoutMs: number;
  concurrency: number;
  packLimit: number;
  hosts: Config['hosts'];
}

export function vcsSettings(config: Config): GitSettings {
  return {
    packLimit: config.vcsMaxPackSize,
    timeoutMs: config.vcsTimeoutMs,
    connectTimeoutMs: config.vcsConnectTimeoutMs,
    concurrency: config.vcsConcurrency,
    hosts: config.hosts,
  };
}

/** Reads the file again and says in the log what came of it. False if the file is bad: then nothing has changed. */
export function reloadSettings(settings: Settings, log: SettingsLog): boolean {
  const ignored = settings.reload();
  if (ignored === undefined) {
    const error = settings.lastError()?.message;
    log.error({ error }, 'modhaven.yaml has an error; the settings stay as they were');
    return false;
  }
  log.info('modhaven.yaml read again');
  for (const name of ignored) log.warn({ setting: name }, 'this setting takes effect at the next start');
  return true;
}

export interface SettingsLog {
  info(message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
