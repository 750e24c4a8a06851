/** What a server says of itself: `/-/status`, and the figures of `/-/metrics` that are not counted. */
import type { Access } from './auth/access.js';
import type { Settings } from './config/settings.js';
import type { ModhavenError } from './errors.js';
import type { Maintenance } from './gc/maintenance.js';
import type { Faults } from './log/faults.js';
import { recentErrors } from './log/recent-errors.js';
import type { ServerState } from './metrics/state-metrics.js';
import type { Running } from './observe/running.js';
import { errorText } from './proxy/http/http-errors.js';
import type { TlsPair } from './proxy/http/tls-pair.js';
import { redactDeep } from './redact.js';
import type { Services } from './services.js';
import type { VanityInUse } from './vanity/vanity-in-use.js';
import { runningGitCount } from './vcs/transport/git-exec.js';
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
  running: Running;
  /** Worker processes; 0 where one process does it all. */
  workers: number;
}

/** The content of `/-/status`, but for the faults. */
export function statusReport(server: ReportedServer): unknown {
  const { version, startedAt, settings, rules, access, tlsPair, maintenance, running } = server;
  const { host, drift, tags, ownDatabase, stores } = server.services;
  const map = rules.current();
  return redactDeep({
    version,
    started: startedAt.toISOString(),
    config: { file: settings.current().file, error: settings.lastError()?.message },
    vanity: {
      file: map.file,
      rules: map.rules.length,
      hosts: [...map.hosts],
      warnings: map.warnings.map((warning) => formatProblem(map.file, warning)),
      error: rules.lastError()?.message,
    },
    ...hostProblems(host.problems(), Date.now()),
    recentErrors: recentErrors(),
    running: runningNow(running),
    auth: access.state === undefined ? 'off' : { errors: access.errors() },
    tls: tlsPair?.report() ?? 'off',
    drift: drift.report(),
    movedTags: tags.report(),
    sumdb: ownDatabase?.status(),
    store: {
      place: stores.bucket?.place ?? 'disk',
      damaged: stores.damage.report(),
      differences: stores.damage.differences(),
    },
    cache: maintenance.report(),
  });
}

/** The figures of `/-/metrics` that are not counted. */
export function metricsState(server: ReportedServer): ServerState {
  const { version, settings, rules, maintenance, faults, workers } = server;
  const { drift, tags, ownDatabase, stores } = server.services;
  return {
    version,
    workers,
    rules: rules.current().rules.length,
    hasError: { config: settings.lastError() !== undefined, vanity: rules.lastError() !== undefined },
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

/** What runs now and is shown; the oldest first, because it is what is waited for. */
const MAX_RUNNING = 100;

function runningNow(running: Running): unknown[] {
  const now = performance.now();
  return running
    .report()
    .slice(0, MAX_RUNNING)
    .map(({ activity, at }) => ({ ...activity, ms: Math.round(now - at) }));
}

/** How long a repository that does not exist is shown, in milliseconds: nobody may ever ask for that name again. */
const TYPO_SHOWN_MS = 15 * 60_000;

interface HostProblem {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly error: ModhavenError;
}

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
