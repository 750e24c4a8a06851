/** `modhaven serve`: runs the server until SIGTERM or SIGINT; reads its files again at SIGHUP. */
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type App, type AppWorkers } from '../app.js';
import type { Config } from '../config/load-config.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { createLog, type Logger, type LogLevel } from '../log/log.js';
import { createSettings, type Settings } from '../config/settings.js';
import { prepareCacheDir } from './cache-dir.js';
import { startPool, type WorkerPool } from '../workers/pool.js';

export interface ServeOptions {
  config?: string;
  listen?: string;
  logLevel: LogLevel;
  version: string;
}

/** The vanity host of the shipped configuration, whose module prints a greeting. */
const DEMO_HOST = 'demo.modhaven.example';

/** Resolves when the server has ended. Throws CONFIG if it cannot start. */
export async function serve({ config: file, listen, logLevel, version }: ServeOptions): Promise<void> {
  const settings = createSettings(file, { listen }, process.env);
  const config = settings.current();
  await prepareCacheDir(config.cacheDir);
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  const shared = count > 1;
  const { log, writeLine, flush } = createLog({ level: logLevel, readable: process.stdout.isTTY, shared });
  let crew: WorkerPool | undefined;
  const workers: AppWorkers = {
    settingsChanged: () => crew?.settingsChanged(),
    forgetChanging: (before) => crew?.forgetChanging(before) ?? Promise.resolve(),
  };
  const app = createApp({ settings, log, writeLine, version, ...(shared && { workers }) });
  // Before anything listens: who sees a server that answers may end it.
  const asked = untilSignal(app);
  try {
    if ('path' in config.listen) await removeDeadSocket(config.listen.path);
    if (shared) crew = await listenWith(count, app, { settings, log, logLevel });
    else await app.server.app.listen(config.listen);
  } catch (error) {
    await app.close();
    throw cannotListen(config, error);
  }
  announce(app, config, log, count);
  app.maintain();
  await endService(app, crew, { signal: await asked, config, log });
  await flush();
  // Flights that no request waits for any more may still talk to a host; they have nothing to lose.
  setImmediate(() => process.exit(0));
}

/** Starts `count` workers that ask `app` over a unix socket nobody else can reach. */
async function listenWith(
  count: number,
  app: App,
  { settings, log, logLevel }: { settings: Settings; log: Logger; logLevel: LogLevel },
): Promise<WorkerPool> {
  const { listen, cacheDir } = settings.current();
  const folder = await mkdtemp(join(tmpdir(), 'modhaven-')); // with the rights of its owner only
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, 'main.sock');
  await app.server.app.listen({ path: socket });
  return startPool({
    count,
    listen,
    stores: { cacheDir },
    socket,
    logLevel,
    settings: () => {
      const { trustProxy, cacheMemory, refreshMs } = settings.current();
      return { trustProxy, cacheMemory, refreshMs };
    },
    log,
  });
}

function cannotListen({ listen }: Config, error: unknown): ModhavenError {
  const where = 'path' in listen ? `unix:${listen.path}` : `${listen.host}:${listen.port}`;
  return new ModhavenError('CONFIG', `cannot listen on ${where}`, {
    reason: errorMessage(error),
    remedy:
      'choose another address with "listen" in modhaven.yaml or --listen, or end the program that uses this one',
  });
}

/** A server that was killed leaves its socket behind, and the next one could not start. */
async function removeDeadSocket(path: string): Promise<void> {
  const isDead = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (isDead) await unlink(path);
}

function announce(app: App, config: Config, log: Logger, count: number): void {
  const map = app.vanity();
  const { publicUrl: url, cacheDir: cache } = config;
  log.info(
    { url, rules: map.rules.length, cache, ...(count > 1 && { workers: count }) },
    'modhaven is ready',
  );
  const rule = map.rules.find(({ isPattern }) => !isPattern);
  if (rule === undefined) return;
  const module = rule.prefix;
  const command = map.host === DEMO_HOST ? `go run ${module}@latest` : `go list -m -versions ${module}`;
  log.info(`try it: GOPROXY=${config.publicUrl} GONOPROXY=none GONOSUMDB='*' ${command}`);
}

/** Resolves with the signal to end; until then SIGHUP has the files read again. */
function untilSignal(app: App): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.on('SIGHUP', (signal) => {
      if (terminalIsGone()) resolve(signal);
      else app.reload();
    });
  });
}

interface EndOfService {
  signal: NodeJS.Signals;
  config: Config;
  log: Logger;
}

/** Finishes the requests that are running, as long as one of them may take. */
async function endService(
  app: App,
  crew: WorkerPool | undefined,
  { signal, config, log }: EndOfService,
): Promise<void> {
  log.info({ signal }, 'ending: running requests are finished first');
  const deadline = setTimeout(() => {
    log.error('requests were still running at the deadline');
    process.exit(1);
  }, config.shutdownTimeoutMs);
  // The workers first: what they are still asked, they may have to ask the main process.
  await crew?.close();
  await app.close();
  clearTimeout(deadline);
  log.info('ended');
}

/** A closed terminal sends the same signal as who wants the files read again; nobody would end the server then. */
function terminalIsGone(): boolean {
  if (!process.stdout.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
