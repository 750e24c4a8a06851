/** What a server says of itself: `/-/status`, and the figures of `/-/metrics` that are not counted. */
import type { Access } from './auth/access.js';
import { readConfig, type Config } from './config/load-config.js';
import type { Settings } from './config/settings.js';
import { settingSources } from './config/sources.js';
import { isModhavenError, messageAndReason, type ModhavenError } from './errors.js';
import type { Maintenance } from './gc/maintenance.js';
import type { Faults } from './log/faults.js';
import { recentErrors } from './log/recent-errors.js';
import type { ServerState } from './metrics/state-metrics.js';
import type { Activity } from './observe/events.js';
import type { RunningActivities } from './observe/running.js';
import { refusedReads } from './proxy/access/refused-reads.js';
import type { ClientQueue } from './proxy/client-queue.js';
import { errorText } from './proxy/http/http-errors.js';
import type { TlsPair } from './config/tls-pair.js';
import { redactDeep } from './redact.js';
import type { Replicas } from './redis/replicas.js';
import type { Services } from './services.js';
import type { VanityInUse } from './vanity/vanity-in-use.js';
import { runningGitCount } from './vcs/transport/git-exec.js';
import type { HostProblem } from './vcs/types.js';
import { formatProblem } from './yaml/problems.js';

/** The parts of a server that know something worth telling. */
export interface ReportedServer {
  version: string;
  startedAt: Date;
  settings: Settings;
  services: Services;
  rules: VanityInUse;
  access: Access;
  tlsPair: TlsPair | undefined;
  maintenance: Maintenance;
  faults: Faults;
  running: RunningActivities;
  clients: Pick<ClientQueue, 'report'>;
  replicas: Pick<Replicas, 'report'>;
  /** Why the store and the checksum database of the settings are not in use. */
  refused: ModhavenError | undefined;
  /** Worker processes; 0 where one process does it all. */
  workers: number;
  /** Those of them that listen. */
  workersUp: number;
}

/** The content of `/-/status`, but for the faults. */
export function statusReport(server: ReportedServer): unknown {
  const { version, startedAt, settings, rules, access, tlsPair, maintenance, running, replicas } = server;
  const { host, drift, tags, ownDatabase, stores } = server.services;
  const map = rules.current();
  return redactDeep({
    version,
    started: startedAt.toISOString(),
    config: { file: settings.current().file, error: configError(server) },
    vanity: {
      file: map.file,
      rules: map.rules.length,
      hosts: [...map.hosts],
      warnings: map.warnings.map((warning) => formatProblem(map.file, warning)),
      error: rules.lastError()?.message,
    },
    ...hostProblems(host.problems(), Date.now()),
    recentErrors: recentErrors(),
    queue: queueReport(server),
    running: runningNow(running),
    fetches: recentFetches(running),
    refusals: refusedReads(),
    auth: access.state === undefined ? 'off' : { errors: access.errors() },
    tls: tlsPair?.report() ?? 'off',
    drift: drift.report(),
    movedTags: tags.report(),
    sumdb: ownDatabase?.status(),
    store: {
      place: stores.bucket?.place ?? 'disk',
      error: stores.disk.hangs?.reason ?? stores.bucket?.problem(),
      damaged: stores.damage.report(),
      differences: stores.damage.differences(),
    },
    redis: replicas.report() ?? 'off',
    cache: maintenance.report(),
    settings: settingsInForce(settings),
  });
}

function configError({ settings, refused }: ReportedServer): string | undefined {
  const error = settings.lastError();
  if (error !== undefined || refused === undefined) return error?.message;
  return `store and sumdb stay as they were: ${messageAndReason(refused)}`;
}

let shownSettings: { of: Config; settings: Record<string, string> } | undefined;

/** The settings that are not the default, without secrets; those of the last file that was in order. */
function settingsInForce(settings: Settings): Record<string, string> | undefined {
  const config = settings.current();
  if (shownSettings?.of === config || settings.lastError() !== undefined) return shownSettings?.settings;
  try {
    const { file, text } = readConfig(config.file, process.env);
    const sources = settingSources({ file, text, env: process.env }).filter(({ from }) => from !== 'default');
    const entries = sources.map(({ key, value, place }) => [key, `${value} (${place})`] as const);
    shownSettings = { of: config, settings: Object.fromEntries(entries) };
  } catch (error) {
    if (!isModhavenError(error)) throw error; // it has changed since it was read
  }
  return shownSettings?.settings;
}

/** The newest fetches, with what was done for each, such as `ls-refs 12 ms, fetch 80 ms`. */
function recentFetches(running: RunningActivities): unknown[] {
  const since = Date.now() - performance.now();
  return running.recent().map(({ fetch: { activity, at, ms, failure }, phases }) => ({
    at: new Date(since + at).toISOString(),
    ...activity,
    ms: Math.round(ms),
    failure,
    phases: phases.map((phase) => `${phaseName(phase.activity)} ${Math.round(phase.ms)} ms`),
  }));
}

function phaseName(activity: Activity): string {
  if (activity.type === 'git') return activity.command;
  return activity.type === 'upstream' ? activity.host : activity.type;
}

/** The figures of `/-/metrics` that are not counted. */
export function metricsState(server: ReportedServer): ServerState {
  const { version, settings, rules, maintenance, faults, workers } = server;
  const { drift, tags, ownDatabase, stores } = server.services;
  return {
    version,
    workers,
    workersUp: server.workersUp,
    rules: rules.current().rules.length,
    hasError: { config: configError(server) !== undefined, vanity: rules.lastError() !== undefined },
    cacheBytes: maintenance.folders(),
    cacheLimit: settings.current().cacheMaxSize,
    drift: drift.report().differences.length,
    movedTags: tags.report().length,
    damagedParts: stores.damage.report().count,
    sumdbRecords: ownDatabase?.status().records,
    faults: faults.report().count,
    gitChildren: runningGitCount(),
  };
}

/** Clients that are shown. */
const MAX_CLIENTS = 20;

/** What waits: requests for what is not in memory, by client, and questions for their turn, by the host they are for. */
function queueReport({ clients, running }: ReportedServer): unknown {
  const waiting = clients.report();
  const now = performance.now();
  const hosts = new Map<string, { host: string; waiting: number; longestMs: number }>();
  for (const { activity, at } of running.report()) {
    if (activity.type !== 'queue') continue;
    const { host } = activity;
    const { waiting = 0, longestMs = 0 } = hosts.get(host) ?? {};
    hosts.set(host, { host, waiting: waiting + 1, longestMs: Math.max(longestMs, Math.round(now - at)) });
  }
  return {
    requests: waiting.reduce((sum, { requests }) => sum + requests, 0),
    clients: waiting.slice(0, MAX_CLIENTS),
    hosts: [...hosts.values()].sort((a, b) => b.waiting - a.waiting),
  };
}

/** What runs now and is shown; the oldest first, because it is what is waited for. */
const MAX_RUNNING = 100;

function runningNow(running: RunningActivities): unknown[] {
  const now = performance.now();
  return running
    .report()
    .slice(0, MAX_RUNNING)
    .map(({ activity, at }) => ({ ...activity, ms: Math.round(now - at) }));
}

/** How long a repository that does not exist is shown, in milliseconds: that name may never be asked for again. */
const TYPO_SHOWN_MS = 15 * 60_000;

/** Outages, and apart from them names that hosts do not know, which most often are typos of developers. */
function hostProblems(found: readonly HostProblem[], now: number): Record<string, unknown[]> {
  const shown = ({ url, at, error }: HostProblem) => ({
    repository: url,
    at: new Date(at).toISOString(),
    text: errorText(error),
  });
  const isTypo = ({ error }: HostProblem) => error.code === 'REPO_NOT_FOUND';
  return {
    problems: found.filter((problem) => !isTypo(problem)).map(shown),
    unknownRepositories: found
      .filter((problem) => isTypo(problem) && now - problem.at < TYPO_SHOWN_MS)
      .map(shown),
  };
}
