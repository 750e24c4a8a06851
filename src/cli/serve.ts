/** `modhaven serve`: runs the server until SIGTERM or SIGINT; reads its files again at SIGHUP. */
import { closeSync, openSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { createApp, type App } from '../app.js';
import type { Config } from '../config/load-config.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { createLog, type Logger, type LogLevel } from '../log.js';
import { createSettings } from '../settings.js';

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
  const { log, writeLine, flush } = createLog({ level: logLevel, readable: process.stdout.isTTY });
  const app = createApp({ settings, log, writeLine, version });
  await prepareCache(config);
  await listenOn(app, config);
  announce(app, config, log);
  await endOfService(app, config, log);
  await flush();
  // Flights that no request waits for any more may still talk to a host; they have nothing to lose.
  setImmediate(() => process.exit(0));
}

async function prepareCache(config: Config): Promise<void> {
  try {
    await mkdir(config.cacheDir, { recursive: true });
  } catch (error) {
    throw new ModhavenError('CONFIG', `cannot use the cache directory ${config.cacheDir}`, {
      reason: errorMessage(error),
      remedy: 'set cache.dir to a directory the account modhaven runs under may write',
    });
  }
}

async function listenOn(app: App, { listen }: Config): Promise<void> {
  try {
    if ('path' in listen) await removeDeadSocket(listen.path);
    await app.server.app.listen(listen);
  } catch (error) {
    const where = 'path' in listen ? `unix:${listen.path}` : `${listen.host}:${listen.port}`;
    throw new ModhavenError('CONFIG', `cannot listen on ${where}`, {
      reason: errorMessage(error),
      remedy:
        'choose another address with "listen" in modhaven.yaml or --listen, or end the program that uses this one',
    });
  }
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

function announce(app: App, config: Config, log: Logger): void {
  const map = app.vanity();
  if (config.workers !== 1)
    log.warn({ workers: config.workers }, 'this release runs one worker, whatever "workers" says');
  log.info({ url: config.publicUrl, rules: map.rules.length, cache: config.cacheDir }, 'modhaven is ready');
  const rule = map.rules.find(({ isPattern }) => !isPattern);
  if (rule === undefined) return;
  const module = rule.prefix;
  const command = map.host === DEMO_HOST ? `go run ${module}@latest` : `go list -m -versions ${module}`;
  log.info(`try it: GOPROXY=${config.publicUrl} GONOPROXY=none GONOSUMDB='*' ${command}`);
}

/** Waits for a signal to end, then for the requests that are running, as long as one of them may take. */
function endOfService(app: App, config: Config, log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const end = (signal: NodeJS.Signals) => {
      log.info({ signal }, 'ending: running requests are finished first');
      const deadline = setTimeout(() => {
        log.error('requests were still running at the deadline');
        process.exit(1);
      }, config.vcsTimeoutMs + 10_000);
      void app.close().then(() => {
        clearTimeout(deadline);
        log.info('ended');
        resolve();
      });
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
    process.on('SIGHUP', () => {
      if (terminalIsGone()) end('SIGHUP');
      else app.reload();
    });
  });
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
