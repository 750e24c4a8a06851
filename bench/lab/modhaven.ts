/** modhaven as it is shipped: `dist/cli.js serve` with two files, request log on. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { HOST } from '../corpus/repos.js';
import { mustRun, type Env } from '../../test/support/run.js';
import { startServer, type Contender, type RunningServer, type StartOptions } from './server.js';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

export const MODHAVEN = 'modhaven';
/** The other checkout of a comparison. */
export const BEFORE = 'before';

export interface ModhavenOptions extends StartOptions {
  /** More of modhaven.yaml. */
  config?: Record<string, unknown>;
  /** More `paths` of vanity.yaml. */
  rules?: Record<string, string>;
  /** Added to its environment. */
  env?: Env;
  /** The checkout whose `dist` is started. Default: this one. */
  checkout?: string;
}

/** Where the finished versions of a server lie, laid out as `GOPROXY=file://` reads them. */
export function downloadTree({ dir }: RunningServer): string {
  return path.join(dir, 'data', 'download');
}

export function modhaven(gitHost: string): Contender {
  return { name: MODHAVEN, start: (options) => startModhaven(gitHost, options) };
}

/** The modhaven that is built in another checkout. Throws if none is. */
export async function otherModhaven(gitHost: string, checkout: string): Promise<Contender> {
  await access(cliOf(checkout)).catch((error: unknown) => {
    throw new Error(`${checkout} is not a built checkout: run npm ci and npm run build there`, {
      cause: error,
    });
  });
  return { name: BEFORE, start: (options) => startModhaven(gitHost, { ...options, checkout }) };
}

/** Answers callers with a token alone, and refuses all others. Throws what the command that makes the token says. */
export async function startWithToken(
  gitHost: string,
  options: ModhavenOptions,
): Promise<{ server: RunningServer; token: string }> {
  const config = {
    ...options.config,
    auth: { tokens_file: './tokens.yaml', rules: [{ modules: HOST, allow: ['authenticated'] }] },
  };
  await writeFile(path.join(options.dir, 'modhaven.yaml'), stringify(config));
  const add = [cliOf(options.checkout ?? CHECKOUT), 'token', 'add', 'bench', '--json'];
  const printed = await mustRun(process.execPath, [...add, '--config', 'modhaven.yaml'], {
    cwd: options.dir,
  });
  const { token } = JSON.parse(printed) as { token: string };
  return { server: await startModhaven(gitHost, { ...options, config }), token };
}

function cliOf(checkout: string): string {
  return path.resolve(checkout, 'dist', 'cli.js');
}

/** The text of a vanity.yaml that has all modules of the corpus, and more rules. */
export function vanityYaml(gitHost: string, rules: Record<string, string> = {}): string {
  return stringify({ host: HOST, paths: { '/{name}': `${gitHost}/{name}`, ...rules } });
}

export async function startModhaven(gitHost: string, options: ModhavenOptions): Promise<RunningServer> {
  const { dir, workers = 1, config = {}, rules, env, upstream, checkout = CHECKOUT } = options;
  const home = path.join(dir, 'home');
  await mkdir(home, { recursive: true });
  // Lists are measured within `refresh`; a short one would be measured now and then.
  // An nginx in front of it may be told which file to send.
  const settings = {
    workers,
    refresh: '1h',
    trust_proxy: ['127.0.0.1'],
    cache: { dir: './data' },
    ...(upstream && { upstream: upstream.url }),
    ...config,
  };
  await writeFile(path.join(dir, 'modhaven.yaml'), stringify(settings));
  await writeFile(path.join(dir, 'vanity.yaml'), vanityYaml(gitHost, rules));
  return startServer(options, (port) => ({
    command: `exec "$NODE" "$CLI" serve --config modhaven.yaml --listen 127.0.0.1:${port}`,
    env: { ...env, ...upstream?.env, HOME: home, NODE: process.execPath, CLI: cliOf(checkout) },
    probe: '/-/readyz',
    healthy: true,
  }));
}
