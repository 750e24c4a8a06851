/** What `modhaven serve` would fail on, or should not be run with, apart from the repositories. */
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { Access } from '../../auth/access.js';
import type { Config } from '../../config/load-config.js';
import type { SettingSource } from '../../config/sources.js';
import { errorMessage, isModhavenError, messageAndReason } from '../../errors.js';
import { formatListen, type Listen } from '../../config/listen.js';
import { TlsPair } from '../../config/tls-pair.js';
import { DAY_MS } from '../../config/units.js';

export interface ServeProblem {
  /** The setting, as a person writes its place. */
  setting: string;
  problem: string;
  remedy: string | undefined;
}

export interface ServeProblems {
  /** `serve` would not start, or would refuse all that needs it. */
  problems: ServeProblem[];
  warnings: ServeProblem[];
}

/** `listen`: whether an address can be listened at; see `tryListen`. */
export async function serveProblems(
  config: Config,
  sources: readonly SettingSource[],
  listen: (listen: Listen) => Promise<string | undefined> = tryListen,
): Promise<ServeProblems> {
  const files = await openSecrets(config, sources);
  const isFatal = ({ setting }: ServeProblem) => setting === SUMDB_KEY;
  const tls = tlsProblems(config);
  const weak = weakSecret(config.webhookSecret);
  return {
    problems: [
      ...(await listenProblem(config.listen, listen)),
      ...authProblems(config),
      ...tls.problems,
      ...files.filter(isFatal),
    ],
    warnings: [
      ...files.filter((file) => !isFatal(file)),
      ...tls.warnings,
      ...(weak === undefined ? [] : [weak]),
    ],
  };
}

async function listenProblem(
  address: Listen,
  listen: (listen: Listen) => Promise<string | undefined>,
): Promise<ServeProblem[]> {
  const code = await listen(address);
  // In use: most likely by the server that runs with this configuration.
  if (code === undefined || code === 'EADDRINUSE') return [];
  const where = formatListen(address);
  const isLow = 'port' in address && address.port < 1024 && code === 'EACCES';
  return [
    {
      setting: 'listen',
      problem: isLow
        ? `this account may not listen on ${where}: ports below 1024 need a privilege`
        : `${where} cannot be listened at (${code})`,
      remedy: isLow
        ? 'choose a port from 1024 on with nginx in front, or give the service CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=)'
        : 'choose an address of this machine with "listen"',
    },
  ];
}

/**
 * The code of the error with which listening fails; undefined if it does not. Ports from 1024 on are not taken, not even for a
 * moment: only whether the address is one of this machine is tried.
 */
async function tryListen(listen: Listen): Promise<string | undefined> {
  if ('path' in listen) {
    const folder = await stat(path.dirname(listen.path)).catch(() => undefined);
    return folder?.isDirectory() === true ? undefined : 'ENOENT';
  }
  const server = createServer();
  const port = listen.port < 1024 ? listen.port : 0;
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host: listen.host, port }, () => server.close(() => resolve(undefined)));
  });
}

function authProblems({ auth }: Config): ServeProblem[] {
  try {
    const log = { error: () => undefined, info: () => undefined };
    new Access(auth, { log });
    return [];
  } catch (error) {
    return [asProblem('auth', error)];
  }
}

/** What an error says of a setting. */
export function asProblem(setting: string, error: unknown): ServeProblem {
  if (!isModhavenError(error)) return { setting, problem: errorMessage(error), remedy: undefined };
  return { setting, problem: messageAndReason(error), remedy: error.remedy };
}

/** Secrets that other accounts of this machine can read, in files of their own and in the configuration itself. */
export async function openSecrets(
  config: Config,
  sources: readonly SettingSource[],
): Promise<ServeProblem[]> {
  const files = await Promise.all(sources.flatMap((source) => fileCheck(source, config)));
  return [...files.flat(), ...(await openConfig(config, sources))];
}

/** With such a key `serve` does not start (`sumdb/log/key-file.ts`). */
const SUMDB_KEY = 'sumdb.key_file';

/** A certificate that ends within so many days is told before it does. */
const EXPIRES_SOON_DAYS = 14;

function tlsProblems({ tls }: Config): ServeProblems {
  if (tls === undefined) return { problems: [], warnings: [] };
  try {
    const log = { error: () => undefined, info: () => undefined };
    const { expires } = new TlsPair(tls, { log }).report();
    const leftMs = Date.parse(expires) - Date.now();
    if (leftMs > EXPIRES_SOON_DAYS * DAY_MS) return { problems: [], warnings: [] };
    const problem =
      leftMs <= 0 ? `the certificate has expired (${expires})` : `the certificate ends soon (${expires})`;
    return { problems: [], warnings: [{ setting: 'tls.cert_file', problem, remedy: 'have it renewed' }] };
  } catch (error) {
    return { problems: [asProblem('tls', error)], warnings: [] };
  }
}

/** Keys that name a file which holds a secret. */
const SECRET_FILE = /(?:^|\.)(?:token_file|tokens_file|htpasswd_file|identity_file|key_file)$/;

/** A file with a secret that other accounts of this machine can read. */
function fileCheck({ key, value, from }: SettingSource, config: Config): Promise<ServeProblem[]>[] {
  if (from === 'default' || !SECRET_FILE.test(key)) return [];
  const base = config.file === undefined ? process.cwd() : path.dirname(config.file);
  return [readableByOthers(key, path.resolve(base, value))];
}

async function readableByOthers(setting: string, file: string): Promise<ServeProblem[]> {
  const found = await stat(file).catch(() => undefined);
  // A missing file is told by what needs it: the repository, or `auth`.
  if (found === undefined || (found.mode & 0o004) === 0) return [];
  return [
    {
      setting,
      problem: `every account of this machine can read ${file}, which holds a secret`,
      remedy: `chmod 600 ${file}`,
    },
  ];
}

/** A secret written into a configuration file that everybody on the machine can read. */
async function openConfig({ file }: Config, sources: readonly SettingSource[]): Promise<ServeProblem[]> {
  const literal = sources.find(({ from, value }) => from === 'file' && value === '(hidden)');
  if (file === undefined || literal === undefined) return [];
  const warnings = await readableByOthers(literal.key, file);
  return warnings.map((warning) => ({
    ...warning,
    remedy: `chmod 600 ${file}, or take it from a variable: \${NAME}`,
  }));
}

/** Secrets of examples, and what is quickly guessed. */
const WELL_KNOWN =
  /^(?:secret|changeme|change-me|password|webhook|modhaven|gitlab|token|test|example|admin|default)\d*$/i;
const MIN_SECRET = 16;

function weakSecret(secret: string | undefined): ServeProblem | undefined {
  if (secret === undefined) return undefined;
  const isWeak = secret.length < MIN_SECRET || WELL_KNOWN.test(secret) || new Set(secret).size < 6;
  if (!isWeak) return undefined;
  return {
    setting: 'webhook.secret',
    problem: `the secret is easily guessed: it is short, well known or has few different characters`,
    remedy: 'make one with: openssl rand -hex 32; set it here and at the git host',
  };
}
