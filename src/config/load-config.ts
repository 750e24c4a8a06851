/**
 * From modhaven.yaml to the settings the program runs with: read, fill in variables, check, resolve.
 *
 * Nothing is left to look up afterwards but the secrets in files, which are read at use so that they can be rotated.
 */
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { ModhavenError } from '../errors.js';
import { findConfigFile, userDataDir } from './config-file.js';
import { settingsFromEnvironment, valueReader, type EnvironmentSettings } from './environment.js';
import { readAuth, type AuthSettings } from './auth-settings.js';
import { readLimits, readTls, type LimitSettings, type TlsSettings } from './listener-settings.js';
import { defaultPublicUrl, isDefaultUrlGuess, parseListen } from './listen.js';
import type { Listen } from './listen.js';
import { ConfigFile } from './schema.js';
import { readS3 } from './schema-store.js';
import { absolutePath } from './schema-values.js';
import type { S3Settings } from '../s3/bucket.js';
import { noteSecrets } from './secrets-in-use.js';
import type { UpstreamProxy } from '../module/address/goproxy-list.js';
import { expandVariables, VARIABLES } from './variables.js';
import { isDataMap, problemsError } from '../yaml/problems.js';
import { readConfigText } from '../yaml/read-text.js';
import { parseWithSchema } from '../yaml/with-schema.js';
import { parseYaml, type YamlSource } from '../yaml/yaml-source.js';

/** How one git host is talked to. Paths are absolute. */
export interface HostSettings {
  /** The key in `vcs.hosts`, the host in lower case. */
  key: string;
  username: string;
  token: string | undefined;
  tokenFile: string | undefined;
  caFile: string | undefined;
  insecureTls: boolean;
  identityFile: string | undefined;
  knownHostsFile: string | undefined;
  /** Names as written; true and false have become `yes` and `no`. */
  sshOptions: Readonly<Record<string, string>>;
  followRedirects: boolean;
}

export interface SumdbSettings {
  name: string;
  keyFile: string;
  witnessFile: string;
}

/** The settings. Paths are absolute, times in milliseconds, sizes in bytes. */
export interface Config {
  /** Absolute path of the file; undefined when there is none and everything is default. */
  file: string | undefined;
  listen: Listen;
  /** Without a trailing slash. */
  publicUrl: string;
  /** Whether `publicUrl` is made from `listen`, because `public_url` is not set. */
  publicUrlIsDefault: boolean;
  /** Whether `publicUrl` is made up and right on this machine only, although others reach the server. */
  publicUrlIsGuess: boolean;
  /** Lower-case host name of `publicUrl`, without port: the vanity host if vanity.yaml names none. */
  publicHost: string;
  vanityFile: string;
  workers: number | 'auto';
  cacheDir: string;
  cacheMaxSize: number;
  /** The bucket where versions are kept; undefined: below `cacheDir`. */
  s3: S3Settings | undefined;
  /** URL of the Redis that replicas share, with its password; undefined: none. */
  redis: string | undefined;
  /** Answers that each process holds in memory, in bytes. */
  cacheMemory: number;
  /** Empty: off, or `direct` alone. */
  upstream: readonly UpstreamProxy[];
  /** The hosts that may be asked when `upstream` comes to `direct`: `HOST` or `HOST:PORT`, in lower case. Empty: no host. */
  directHosts: ReadonlySet<string>;
  /** Our own checksum database. */
  sumdb: SumdbSettings | undefined;
  /** Patterns of module paths that are private although no rule covers them, and exceptions (see `modfetch/private-paths.ts`). */
  privatePatterns: readonly string[];
  publicPatterns: readonly string[];
  /** How long running requests may take when the server ends. */
  shutdownTimeoutMs: number;
  trustProxy: readonly string[];
  /** Addresses and networks that may see the status. */
  admin: readonly string[];
  /** Undefined: everybody may read everything. */
  auth: AuthSettings | undefined;
  auditFile: string | undefined;
  accessLogFile: string | undefined;
  /** Undefined: plain http. */
  tls: TlsSettings | undefined;
  /** Of connections; see `proxy/http/listener.ts`. */
  limits: LimitSettings;
  /** Requests of one client that may wait for what is not stored. */
  clientQueue: number;
  /** `https://docs.mycompany.com/{path}@{version}` */
  docsUrl: string | undefined;
  webhookSecret: string | undefined;
  /** Whether a pushed version is fetched before anybody asks for it. */
  webhookPrefetch: boolean;
  refreshMs: number;
  vcsTimeoutMs: number;
  vcsConnectTimeoutMs: number;
  vcsConcurrency: number;
  /** Bytes that a host may send for one commit. */
  vcsMaxPackSize: number;
  /** By `HOST`, `HOST:PORT` or one of these and a path; the host in lower case. See `findEntry` of `vcs/transport/access.ts`. */
  hosts: ReadonlyMap<string, HostSettings>;
  /** `FILE:LINE:COL: sentence`: what was accepted but is probably not meant. */
  warnings: readonly string[];
}

/** Whether public modules are passed through: from other proxies, or from the repositories of named hosts. */
export function passesPublicModules({
  upstream,
  directHosts,
}: Pick<Config, 'upstream' | 'directHosts'>): boolean {
  return upstream.length > 0 || directHosts.size > 0;
}

export interface ConfigOverrides {
  /** Of the command line; wins over `listen` of the file. */
  listen?: string | undefined;
}

/**
 * Reads `file`, or without one that which `findConfigFile` finds; where there is none every setting has its default, relative
 * to the working directory. Throws CONFIG: `FILE:LINE:COL: sentence`, one problem a line.
 */
export function loadConfig(
  flag: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  overrides: ConfigOverrides = {},
): Config {
  const { file, text } = readConfig(flag, env);
  return parseConfig(text, file, env, overrides);
}

/** The file that `loadConfig` reads, and its text: empty where there is none. Throws CONFIG if it cannot be read. */
export function readConfig(
  flag: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): { file: string | undefined; text: string } {
  const file = findConfigFile(flag, env);
  return { file, text: file === undefined ? '' : readConfigText(file, FILE_WORDS) };
}

/** `loadConfig` of a text that is already there. */
export function parseConfig(
  text: string,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  overrides: ConfigOverrides = {},
): Config {
  const source = parseYaml(text, file ?? 'modhaven.yaml', VARIABLES);
  const { data, problems } = expandVariables(source, env, valueReader(ConfigFile));
  if (problems.length > 0) throw problemsError(source.file, problems);
  const environment = settingsFromEnvironment(ConfigFile, env, data);
  const written = parseWithSchema(ConfigFile, source, environment.merged);

  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const listen =
    overrides.listen === undefined
      ? (portOf(env, data, environment) ?? written.listen)
      : readListenFlag(overrides.listen);
  const tls = readTls(written.tls, base);
  const address = publicAddress(written.public_url, listen, tls);
  const { proxies } = written.upstream;
  checkLoop(source, address.publicUrl, proxies);
  const hosts = readHosts(source, written.vcs.hosts, base);
  noteSecrets({ hosts, upstream: proxies, webhookSecret: written.webhook.secret });
  return {
    file: file === undefined ? undefined : resolve(file),
    listen: 'path' in listen ? { path: resolve(base, listen.path) } : listen,
    ...address,
    vanityFile: resolve(base, written.vanity),
    workers: written.workers,
    cacheDir: resolve(base, cacheDirPreset(environment.merged, file, env) ?? written.cache.dir),
    cacheMaxSize: written.cache.max_size,
    s3: readS3(written.store, written.cache.max_size),
    redis: written.redis,
    cacheMemory: written.cache.memory,
    upstream: proxies,
    directHosts: new Set(written.upstream.direct ? written.direct_hosts : []),
    sumdb: readSumdb(written.sumdb, base),
    privatePatterns: written.private,
    publicPatterns: written.public,
    shutdownTimeoutMs: written.shutdown_timeout,
    trustProxy: written.trust_proxy,
    admin: written.admin,
    auth: readAuth(written.auth, base),
    auditFile: absolutePath(written.audit, base),
    accessLogFile: absolutePath(written.access_log, base),
    tls,
    limits: readLimits(written.limits),
    clientQueue: written.limits.client_queue,
    docsUrl: written.docs_url,
    webhookSecret: written.webhook.secret,
    webhookPrefetch: written.webhook.prefetch,
    refreshMs: written.refresh,
    vcsTimeoutMs: written.vcs.timeout,
    vcsConnectTimeoutMs: written.vcs.connect_timeout,
    vcsConcurrency: written.vcs.concurrency,
    vcsMaxPackSize: written.vcs.max_pack_size,
    hosts,
    warnings: [...directWarnings(source, written), ...environment.warnings],
  };
}

/** How developers reach a server that listens at `listen`: `written` (`public_url`), or what can be told of it. */
export function publicAddress(
  written: string | undefined,
  listen: Listen,
  tls: TlsSettings | undefined,
): Pick<Config, 'publicUrl' | 'publicUrlIsDefault' | 'publicUrlIsGuess' | 'publicHost'> {
  const isDefault = written === undefined;
  const publicUrl = (written ?? defaultPublicUrl(listen, tls === undefined ? 'http' : 'https')).replace(
    /\/+$/,
    '',
  );
  return {
    publicUrl,
    publicUrlIsDefault: isDefault,
    publicUrlIsGuess: isDefault && isDefaultUrlGuess(listen),
    publicHost: new URL(publicUrl).hostname.toLowerCase(),
  };
}

/** Where the cache is when neither the file nor a variable says so, and the account has a place for data. */
function cacheDirPreset(
  merged: unknown,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const cache = isDataMap(merged) ? merged.cache : undefined;
  return isDataMap(cache) && cache.dir !== undefined ? undefined : userDataDir(file, env);
}

function readSumdb(written: z.output<typeof ConfigFile>['sumdb'], base: string): SumdbSettings | undefined {
  if (written === undefined) return undefined;
  const keyFile = resolve(base, written.key_file);
  return {
    name: written.name,
    keyFile,
    witnessFile: absolutePath(written.witness_file, base) ?? `${keyFile}.witness`,
  };
}

function readHosts(
  source: YamlSource,
  entries: z.output<typeof ConfigFile>['vcs']['hosts'],
  base: string,
): Map<string, HostSettings> {
  const hosts = new Map<string, HostSettings>();
  for (const [written, entry] of Object.entries(entries)) {
    const key = written.replace(/^[^/]*/, (host) => host.toLowerCase());
    if (hosts.has(key)) {
      const message = `${JSON.stringify(written)} is the same host as a key above; keep one of the two`;
      throw problemsError(source.file, [{ ...source.locate(['vcs', 'hosts', written], 'key'), message }]);
    }
    hosts.set(key, {
      key,
      username: entry.username ?? 'oauth2',
      token: entry.token,
      tokenFile: absolutePath(entry.token_file, base),
      caFile: absolutePath(entry.ca_file, base),
      insecureTls: entry.insecure_tls,
      identityFile: absolutePath(entry.identity_file, base),
      knownHostsFile: absolutePath(entry.known_hosts_file, base),
      sshOptions: entry.ssh_options,
      followRedirects: entry.follow_redirects,
    });
  }
  return hosts;
}

/** An upstream that is ourselves would ask itself until the machine gives up. */
function checkLoop(source: YamlSource, publicUrl: string, proxies: readonly UpstreamProxy[]): void {
  if (!proxies.some(({ url }) => url === publicUrl)) return;
  const message = '"upstream" names this server itself (public_url); name another proxy, or off';
  throw problemsError(source.file, [{ ...source.locate(['upstream'], 'value'), message }]);
}

/** What the settings say of `direct` and does not happen. Throws CONFIG if it is all there is. */
function directWarnings(
  source: YamlSource,
  { upstream, direct_hosts }: z.output<typeof ConfigFile>,
): string[] {
  const isNamed = direct_hosts.length > 0;
  if (upstream.direct === isNamed) return [];
  if (isNamed) return [warning('direct_hosts', '"upstream" does not end with "direct", so no host is asked')];
  const unusable = '"direct" is left out: direct_hosts names no host that may be asked';
  if (upstream.proxies.length > 0) return [warning('upstream', unusable)];
  const message =
    '"upstream" is "direct" alone, and direct_hosts names no host that may be asked; or write off';
  throw problemsError(source.file, [{ ...source.locate(['upstream'], 'value'), message }]);

  function warning(key: string, text: string): string {
    const { line, column } = source.locate([key], 'value');
    return `${source.file}:${line}:${column}: "${key}": ${text}`;
  }
}

/** `PORT`, as many platforms set it: every address of the machine, unless something else says where to listen. */
function portOf(
  env: NodeJS.ProcessEnv,
  data: unknown,
  { variables }: EnvironmentSettings,
): Listen | undefined {
  const { PORT: port } = env;
  const isWritten = typeof data === 'object' && data !== null && 'listen' in data;
  if (port === undefined || port === '' || isWritten || variables.some(({ path }) => path[0] === 'listen')) {
    return undefined;
  }
  const listen = /^\d+$/.test(port) ? parseListen(`:${port}`) : undefined;
  if (listen !== undefined) return listen;
  throw new ModhavenError('CONFIG', `the variable PORT is ${JSON.stringify(port)}, which is not a port`, {
    remedy: 'unset it, or say where to listen with "listen" in modhaven.yaml',
  });
}

const FILE_WORDS = {
  what: 'the configuration file',
  remedy: 'Check the path given with --config and its permissions.',
};

function readListenFlag(text: string): Listen {
  const listen = parseListen(text);
  if (listen) return listen;
  throw new ModhavenError('CONFIG', `--listen ${JSON.stringify(text)} is not an address to listen at`, {
    remedy: 'Write HOST:PORT, [::1]:PORT, :PORT or unix:/path.',
  });
}
