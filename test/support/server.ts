/**
 * modhaven as its users run it: a child process of `node dist/cli.js serve` with two YAML files, waited for until
 * `/-/readyz` says 200. `dist/` is brought up to date by build-setup.ts.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { startDaemon, type Daemon } from './process/daemon.js';
import { answersOk, freePort } from './loopback.js';
import { run, type Env, type RunOptions, type RunResult } from './run.js';
import { tempDir } from './tmp.js';

/** The program as `package.json#bin` names it. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Compiled code of the program is shared by all tests and runs, as it is by the starts of one account. */
const CACHES = { XDG_CACHE_HOME: fileURLToPath(new URL('../../node_modules/.cache', import.meta.url)) };

export interface ServerOptions {
  /** modhaven.yaml, as text or as what the YAML says; `vanity` is added when it names none. Default: empty. */
  config?: string | Record<string, unknown>;
  /** vanity.yaml, likewise. Default: no rules. */
  vanity?: string | Record<string, unknown>;
  env?: Env;
  /** HOME of the server, where ~/.netrc and ~/.ssh are looked for. Default: a new folder. */
  home?: string;
  /** Where the two files and the cache lie; one of an earlier server keeps its cache. Default: a new folder. */
  dir?: string;
  /** More arguments of `serve`. */
  args?: readonly string[];
  /** What answers 200 once the server is up. Default: `/-/readyz`. */
  upPath?: string;
}

export interface ModhavenServer extends Daemon {
  /** `http://127.0.0.1:PORT`, without a slash at the end: a GOPROXY. */
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly configFile: string;
  readonly vanityFile: string;
  readonly cacheDir: string;
  /** Replaces modhaven.yaml or vanity.yaml in place, as an editor does. */
  writeConfig(content: string | Record<string, unknown>): Promise<void>;
  writeVanity(content: string | Record<string, unknown>): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. Throws with its log when it does not become ready. */
export async function startServer(options: ServerOptions = {}): Promise<ModhavenServer> {
  const dir = options.dir ?? (await tempDir('server'));
  const home = options.home ?? path.join(dir, 'home');
  await mkdir(home, { recursive: true });
  const configFile = path.join(dir, 'modhaven.yaml');
  const vanityFile = path.join(dir, 'vanity.yaml');
  const writeConfig = async (content: string | Record<string, unknown>): Promise<void> =>
    writeFile(
      configFile,
      toYaml(typeof content === 'string' ? content : { vanity: './vanity.yaml', ...content }),
    );
  const writeVanity = async (content: string | Record<string, unknown>): Promise<void> =>
    writeFile(vanityFile, toYaml(content));
  await writeConfig(options.config ?? {});
  await writeVanity(options.vanity ?? 'paths: {}\n');

  await mkdir(CACHES.XDG_CACHE_HOME, { recursive: true });
  const port = await freePort();
  const isTls = typeof options.config === 'object' && 'tls' in options.config;
  const args = [
    CLI,
    'serve',
    '--config',
    configFile,
    '--listen',
    `127.0.0.1:${port}`,
    ...(options.args ?? []),
  ];
  const upPath = options.upPath ?? '/-/readyz';
  const daemon = await startDaemon(process.execPath, args, {
    cwd: dir,
    env: { HOME: home, ...CACHES, ...options.env },
    isReady: isTls ? (log) => log.includes('modhaven is ready') : async () => answersOk(port, upPath),
  });
  return {
    ...daemon,
    url: `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    dir,
    configFile,
    vanityFile,
    cacheDir: path.resolve(dir, cacheDirOf(options.config)),
    writeConfig,
    writeVanity,
  };
}

/** Runs any other modhaven command to its end. */
export async function modhaven(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [CLI, ...args], { ...options, env: { ...CACHES, ...options.env } });
}

function toYaml(content: string | Record<string, unknown>): string {
  return typeof content === 'string' ? content : stringify(content);
}

function cacheDirOf(config: ServerOptions['config']): string {
  const value = (typeof config === 'string' ? parse(config) : config) as
    { cache?: { dir?: string } } | null | undefined;
  return value?.cache?.dir ?? './data';
}
