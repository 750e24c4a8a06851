/**
 * What a change of vanity.yaml would have changed, had versions not been kept: after an edit went live, the stored
 * versions of the modules that now live elsewhere are compared with their new home, one at a time.
 *
 * Nothing follows from it but a report: a line in the log for each difference, and the list in `/-/status`. A home that
 * cannot be reached is one line, and is tried again when somebody else has reached it.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { errorMessage } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import type { VersionStore } from '../store/version-store.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { CodeHost } from '../vcs/types.js';
import { compareVersion, knownOf, readStored, type Comparison } from './compare-version.js';
import { addressesOf, createTarget, type Target } from './target.js';
import { fileList, isBad } from './report.js';
import { storedVersions } from './stored.js';

/** The content of `drift` in `/-/status`. */
export interface DriftReport {
  running: boolean;
  /** Modules that wait to be compared. */
  waiting: number;
  /** Versions compared since the start. */
  compared: number;
  /** When the last comparison ended, ISO 8601. */
  finished: string | undefined;
  differences: Comparison[];
}

export interface DriftWatch {
  /** Another map is in use. */
  mapChanged(before: VanityMap, after: VanityMap): void;
  /** Compares the stored versions of `module` with its home, unless they are known to be the same there. */
  check(module: ModulePath): void;
  /** The repository of `module` could be read just now. */
  reached(module: ModulePath): void;
  report(): DriftReport;
  /** No further version is begun. */
  stop(): void;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

export interface DriftWatchOptions {
  store: VersionStore;
  host: CodeHost;
  vanity: () => VanityMap;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Log lines that are not repeated. */
const MAX_TOLD = 100_000;
/** Differences in the report, and files of one difference. */
const MAX_REPORTED = 1_000;
const MAX_FILES = 20;

export function createDriftWatch({ store, host, vanity, log }: DriftWatchOptions): DriftWatch {
  const waiting = new Set<ModulePath>();
  const differences = new Map<ModulePath, Comparison[]>();
  /** Where the modules lived that were compared since the start. */
  const done = new Map<ModulePath, string>();
  /** What was logged. */
  const told = new LRUCache<string, true>({ max: MAX_TOLD });
  let compared = 0;
  let finished: string | undefined;
  let stopped = false;
  let running = false;
  let work: Promise<void> = Promise.resolve();

  /** Starts after what is running, and never fails. */
  function begin(job: () => Promise<void>): void {
    work = work.then(job).catch((error: unknown) => {
      log.error({ error: errorMessage(error) }, 'the comparison of new homes failed');
    });
  }

  async function findMoved(before: VanityMap, after: VanityMap): Promise<void> {
    for await (const module of store.modules()) {
      const now = placesOf(after, module);
      if (now === placesOf(before, module)) continue;
      differences.delete(module);
      if (now !== '') waiting.add(module);
    }
  }

  async function compareWaiting(): Promise<void> {
    if (waiting.size === 0) return;
    running = true;
    const home = createTarget({ candidates: (path) => vanity().candidates(path), host });
    const [modules, versions] = [waiting.size, compared];
    try {
      for (const module of waiting) {
        waiting.delete(module);
        if (!stopped) await compareModule(home, module);
      }
    } finally {
      running = false;
      finished = new Date().toISOString();
    }
    log.info({ modules, versions: compared - versions }, 'new homes of modules were compared');
  }

  async function compareModule(home: Target, module: ModulePath): Promise<void> {
    const places = placesOf(vanity(), module);
    const found: Comparison[] = [];
    for (const version of await storedVersions(store, module)) {
      // Edited again: then this home is no longer asked about, and the edit has put the module into the queue.
      if (stopped || placesOf(vanity(), module) !== places) return;
      const old = await readStored(store, module, version);
      const facts = { module, version, home: home.addresses(module), stored: knownOf(old) };
      const comparison: Comparison = { ...facts, ...(await compareVersion(home, module, version, old)) };
      compared += 1;
      if (!isBad(comparison)) continue;
      found.push(comparison);
      differences.set(module, found);
      tell(comparison);
      if (comparison.verdict === 'unreachable') return;
    }
    done.set(module, places);
    if (found.length === 0) differences.delete(module);
  }

  function tell({ module, version, verdict, home, cause, remedy, files = [] }: Comparison): void {
    const line = JSON.stringify([module, version, verdict, home, cause]);
    if (told.has(line)) return;
    told.set(line, true);
    const facts = { module, version, verdict, home: home.join(', '), cause, remedy };
    log.warn(files.length === 0 ? facts : { ...facts, files: fileList(files) }, MESSAGES[verdict]);
  }

  return {
    mapChanged(before, after) {
      if (rulesOf(before) === rulesOf(after)) return;
      begin(() => findMoved(before, after));
      begin(compareWaiting);
    },

    check(module) {
      const places = placesOf(vanity(), module);
      if (places === '' || (done.get(module) === places && !differences.has(module))) return;
      waiting.add(module);
      begin(compareWaiting);
    },

    reached(module) {
      if (differences.get(module)?.some(({ verdict }) => verdict === 'unreachable') !== true) return;
      differences.delete(module);
      waiting.add(module);
      begin(compareWaiting);
    },

    report: () => ({
      running,
      waiting: waiting.size,
      compared,
      finished,
      differences: [...differences.values()].flat().slice(0, MAX_REPORTED).map(shorten),
    }),

    stop() {
      stopped = true;
    },

    idle: () => work,
  };
}

const MESSAGES: Record<Comparison['verdict'], string> = {
  same: 'the new home has this version',
  'moved-commit': 'the new home has this version in another commit',
  different: 'the new home has other content for this version; what was served stays',
  missing: 'the new home does not have this version; what was served stays',
  unreachable: 'the new home of this module cannot be read',
  extra: 'only the new home has this version',
};

/** What may change where any module lives. */
function rulesOf({ rules }: VanityMap): string {
  return JSON.stringify(rules.map(({ prefix, sources, subdir }) => [prefix, sources, subdir]));
}

function shorten(comparison: Comparison): Comparison {
  const { files } = comparison;
  return files === undefined ? comparison : { ...comparison, files: files.slice(0, MAX_FILES) };
}

/** Everything that decides where `module` is looked for; '' if no rule covers it. */
function placesOf(map: VanityMap, module: string): string {
  const roots = map.candidates(module);
  return roots.flatMap((root) => addressesOf([root]).map((address) => `${root.root} ${address}`)).join('\n');
}
