/** `modhaven serve`: runs the server until SIGTERM or SIGINT; reads its files again at SIGHUP. */
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type App } from '../app.js';
import { prepareCacheDir } from './common/cache-dir.js';
import { upgradeLayout } from '../store/state-version.js';
import { readConfig, type Config } from '../config/load-config.js';
import { settingSources } from '../config/sources.js';
import { openSecrets } from './probe/serve-problems.js';
import { defaultPublicUrl, formatListen, type Listen } from '../config/listen.js';
import { takeInheritedSocket, type InheritedSocket } from './common/inherited-socket.js';
import { createSettings, type Settings } from '../config/settings.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { Faults } from '../log/faults.js';
import { createLog, type Log, type Logger, type LogLevel } from '../log/log.js';
import { keepServing } from '../log/process-faults.js';
import { logWarnings } from '../log/process-warnings.js';
import { takeSignals } from '../start-signals.js';
import type { StoreSettings } from '../store/open/open-stores.js';
import { startTracing } from '../tracing/start-tracing.js';
import { WorkerPool } from '../workers/pool.js';
import { SharedInvalidation } from '../workers/shared-invalidation.js';

export interface ServeOptions {
  config?: string;
  listen?: string;
  logLevel: LogLevel;
  /** Whether stacks are logged whatever the level. */
  verbose?: boolean;
  version: string;
}

/** A server that is about to run: what all steps of its life need. */
interface Service {
  settings: Settings;
  log: Logger;
  app: App;
  /** Absent where one process does it all. */
  pool: WorkerPool | undefined;
  /** The socket that the service manager listens at, in place of `listen`. */
  inherited: InheritedSocket | undefined;
}

/** The vanity host of the shipped configuration, whose module prints a greeting. */
const DEMO_HOST = 'demo.modhaven.example';

/** Resolves when the server has ended. Throws CONFIG if it cannot start. */
export async function serve(options: ServeOptions): Promise<void> {
  await startTracing(options.version);
  const { config: file, listen, logLevel } = options;
  const settings = createSettings(file, { listen }, process.env);
  const config = settings.current();
  await prepareCacheDir(config.cacheDir);
  await upgradeLayout(config.cacheDir);
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  const logs = createLog({ level: logLevel, readable: process.stdout.isTTY, shared: count > 1 });
  logWarnings(logs.log);
  const inherited = takeInheritedSocket(process.env, process.pid);
  await warnOfOpenSecrets(config, file, logs.log);
  const service = { ...createService(options, settings, logs, count), inherited };
  // Before anything listens: as soon as a server answers, it may be ended.
  const asked = untilSignal(service.app);
  try {
    if (inherited === undefined && 'path' in config.listen) await removeDeadSocket(config.listen.path);
    await startListening(service, options);
  } catch (error) {
    await service.app.close();
    throw cannotListen(config, error);
  }
  announce(service, count);
  service.app.maintain();
  await endService(service, await asked);
  await logs.flush();
  // Flights that no request waits for any more may still talk to a host; they have nothing to lose.
  setImmediate(() => process.exit(0));
}

function createService(
  { verbose = false, version }: ServeOptions,
  settings: Settings,
  { log, writeLine }: Log,
  count: number,
): Omit<Service, 'inherited'> {
  const faults = new Faults({ log, verbose });
  keepServing(faults, () => process.exit(1));
  const tls = () => app.tls();
  const pool =
    count > 1
      ? createPool({
          count,
          settings,
          tls,
          log,
          faults,
          ownDatabase: () => app.inUse().sumdb?.name,
          onDamaged: (part) => app.damagedElsewhere(part),
        })
      : undefined;
  const workers = pool && {
    count,
    metrics: () => pool.metrics(),
    unready: () => pool.unready(),
    listening: () => pool.upCount,
    settingsChanged: () => pool.settingsChanged(),
    storesChanged: (stores: StoreSettings) => pool.renew(stores),
    invalidation: new SharedInvalidation(
      (change) => pool.forget(change),
      (error) => faults.caught(error, 'invalidation'),
    ),
  };
  const app = createApp({ settings, log, writeLine, version, faults, workers });
  return { settings, log, app, pool };
}

interface PoolOptions {
  count: number;
  settings: Settings;
  /** The certificate in use. */
  tls: App['tls'];
  /** The name of our own checksum database in use. */
  ownDatabase: () => string | undefined;
  log: Logger;
  faults: Faults;
  onDamaged: App['damagedElsewhere'];
}

function createPool({ count, settings, tls, ownDatabase, log, faults, onDamaged }: PoolOptions): WorkerPool {
  const forWorkers = () => {
    const config = settings.current();
    return {
      trustProxy: config.trustProxy,
      cacheMemory: config.cacheMemory,
      refreshMs: config.refreshMs,
      auth: config.auth,
      auditFile: config.auditFile,
      accessLogFile: config.accessLogFile,
      admin: config.admin,
      publicUrl: config.publicUrl,
      limits: config.limits,
      ownDatabase: ownDatabase(),
      tls: tls(),
    };
  };
  return new WorkerPool({ count, settings: forWorkers, log, faults, onDamaged });
}

/** Listens; with workers they do, and ask `app` over a unix socket that no other account can reach. */
async function startListening(
  { app, pool, settings, inherited }: Service,
  options: ServeOptions,
): Promise<void> {
  const listen = inherited ?? settings.current().listen;
  if (pool === undefined) {
    await app.server.listen(listen);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'modhaven-')); // with the rights of its owner only
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, 'main.sock');
  await app.server.listen({ path: socket });
  const { logLevel, verbose = false } = options;
  const { stores } = app.inUse();
  await pool.start({ listen, stores, socket, logLevel, verbose });
}

function cannotListen({ listen }: Config, error: unknown): ModhavenError {
  return new ModhavenError('CONFIG', `cannot listen on ${formatListen(listen)}`, {
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

function announce(service: Service, count: number): void {
  const { app, settings, log, inherited } = service;
  const map = app.vanity();
  const { publicUrlIsDefault, publicUrlIsGuess, cacheDir: cache } = settings.current();
  const address = listensAt(service);
  const url = reachedUrl(settings.current(), inherited === undefined ? undefined : address);
  log.info(
    {
      listen: [...(inherited ? ['inherited socket'] : []), ...(address ? [formatListen(address)] : [])].join(
        ' ',
      ),
      url,
      rules: map.rules.length,
      cache,
      workers: count > 1 ? count : undefined,
    },
    'modhaven is ready',
  );
  if (inherited !== undefined && publicUrlIsDefault) {
    log.warn(
      `public_url is not set, and the service manager chose the address: pages and "modhaven env" name ${settings.current().publicUrl}`,
    );
  } else if (publicUrlIsGuess) {
    log.warn(
      'public_url is not set, and others reach this server, too: its pages and "modhaven env" name localhost',
    );
  }
  if (settings.current().auth === undefined && reachesOthers(address)) {
    log.warn(
      'everybody who reaches this server can read all its modules; to change that, set auth: in modhaven.yaml, or listen on 127.0.0.1',
    );
  }
  const rule = map.rules.find(({ isPattern }) => !isPattern);
  if (rule === undefined) return;
  const module = rule.prefix;
  const command = map.host === DEMO_HOST ? `go run ${module}@latest` : `go list -m -versions ${module}`;
  log.info(`try it: GOPROXY=${url} GONOPROXY=none GONOSUMDB='*' ${command}`);
}

/** Where connections are accepted: port 0 of the settings is any free one. Undefined where an inherited socket does not say it. */
function listensAt({ app, pool, settings, inherited }: Service): Listen | undefined {
  const { listen } = settings.current();
  const address = pool === undefined ? app.server.app.server.address() : pool.address;
  if (address === null) return inherited === undefined ? listen : undefined;
  if (typeof address === 'string') return { path: address };
  if (inherited !== undefined) return { host: address.address, port: address.port };
  return 'path' in listen ? listen : { ...listen, port: address.port };
}

/** The address to try the server at; `inherited` is that of a socket the service manager opened. */
function reachedUrl({ publicUrl, publicUrlIsDefault, tls }: Config, inherited: Listen | undefined): string {
  if (inherited === undefined || !publicUrlIsDefault) return publicUrl;
  return defaultPublicUrl(inherited, tls === undefined ? 'http' : 'https');
}

/** Whether other machines may reach a server that listens at `address`; undefined if that is not known. */
function reachesOthers(address: Listen | undefined): boolean {
  return address === undefined || ('host' in address && !/^(?:127\.|localhost$|::1$)/.test(address.host));
}

/** Says which files with secrets other accounts of this machine can read. */
async function warnOfOpenSecrets(config: Config, file: string | undefined, log: Logger): Promise<void> {
  const sources = settingSources({ ...readConfig(file), env: process.env });
  for (const { setting, problem, remedy } of await openSecrets(config, sources)) {
    log.warn({ setting, remedy }, problem);
  }
}

/** Resolves with the signal to end; until then SIGHUP has the files read again, one that came before included. */
function untilSignal(app: App): Promise<NodeJS.Signals> {
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.on('SIGHUP', (signal) => {
      if (terminalIsGone()) resolve(signal);
      else app.reload();
    });
  });
  if (takeSignals()) app.reload();
  return asked;
}

/** Finishes the requests that are running, as long as `shutdown_timeout` allows. */
async function endService(
  { app, pool, settings, log, inherited }: Service,
  signal: NodeJS.Signals,
): Promise<void> {
  log.info({ signal }, 'ending: running requests are finished first');
  const deadline = setTimeout(() => {
    log.error('requests were still running at the end of shutdown_timeout');
    process.exit(1);
  }, settings.current().shutdownTimeoutMs);
  // The workers first: what they are still asked, they may have to ask the main process.
  const ending = inherited === undefined ? undefined : 'hand-over';
  await pool?.close(ending);
  await app.close(pool === undefined ? ending : undefined);
  clearTimeout(deadline);
  log.info('ended');
}

/** A closed terminal sends the signal that also has the files read again; the server would run on without a terminal then. */
function terminalIsGone(): boolean {
  if (!process.stdout.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
