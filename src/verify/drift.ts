/**
 * What a change of vanity.yaml would have changed, had versions not been kept: after an edit went live, the stored
 * versions of the modules that now live elsewhere are compared with their new repository, one at a time.
 *
 * Nothing follows from it but a report: a line in the log for each difference, and the list in `/-/status`. A repository that
 * cannot be reached is one line, and is tried again when another request has reached it.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import type { Logger } from 'pino';
import { errorMessage } from '../errors.js';
import { occurred } from '../observe/observe.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
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
  /** Compares the stored versions of `module` with its repository, unless they are known to be the same there. */
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
const MAX_LOGGED = 100_000;
/** Differences in the report, and files of one difference. */
const MAX_REPORTED = 1_000;
const MAX_FILES = 20;

export function createDriftWatch(options: DriftWatchOptions): DriftWatch {
  return new Drift(options);
}

class Drift implements DriftWatch {
  private readonly options: DriftWatchOptions;
  private readonly waiting = new Set<ModulePath>();
  private readonly differences = new Map<ModulePath, Comparison[]>();
  /** Where the modules lived that were compared since the start. */
  private readonly done = new Map<ModulePath, string>();
  private readonly logged = new LRUCache<string, true>(atMost(MAX_LOGGED));
  private compared = 0;
  private finished: string | undefined;
  private stopped = false;
  private running = false;
  private work: Promise<void> = Promise.resolve();

  constructor(options: DriftWatchOptions) {
    this.options = options;
  }

  mapChanged(before: VanityMap, after: VanityMap): void {
    if (rulesOf(before) === rulesOf(after)) return;
    this.begin(() => this.findMoved(before, after));
    this.begin(() => this.compareWaiting());
  }

  check(module: ModulePath): void {
    const places = placesOf(this.options.vanity(), module);
    const isKnown = this.done.get(module) === places && !this.differences.has(module);
    if (places !== '' && !isKnown) this.compareSoon(module);
  }

  reached(module: ModulePath): void {
    if (this.differences.get(module)?.some(({ verdict }) => verdict === 'unreachable') !== true) return;
    this.differences.delete(module);
    this.compareSoon(module);
  }

  report(): DriftReport {
    return {
      running: this.running,
      waiting: this.waiting.size,
      compared: this.compared,
      finished: this.finished,
      differences: [...this.differences.values()].flat().slice(0, MAX_REPORTED).map(shorten),
    };
  }

  stop(): void {
    this.stopped = true;
  }

  idle(): Promise<void> {
    return this.work;
  }

  private compareSoon(module: ModulePath): void {
    this.waiting.add(module);
    this.begin(() => this.compareWaiting());
  }

  /** Starts after what is running, and never fails. */
  private begin(job: () => Promise<void>): void {
    this.work = this.work.then(job).catch((error: unknown) => {
      this.options.log.error({ error: errorMessage(error) }, 'the comparison with new repositories failed');
    });
  }

  private async findMoved(before: VanityMap, after: VanityMap): Promise<void> {
    for await (const module of this.options.store.modules()) {
      const now = placesOf(after, module);
      if (now === placesOf(before, module)) continue;
      this.differences.delete(module);
      if (now !== '') this.waiting.add(module);
    }
  }

  private async compareWaiting(): Promise<void> {
    const { vanity, host, log } = this.options;
    if (this.waiting.size === 0) return;
    this.running = true;
    const target = createTarget({ candidates: (path) => vanity().candidates(path), host });
    const [modules, versions] = [this.waiting.size, this.compared];
    try {
      for (const module of this.waiting) {
        this.waiting.delete(module);
        if (!this.stopped) await this.compareModule(target, module);
      }
    } finally {
      this.running = false;
      this.finished = new Date().toISOString();
    }
    log.info({ modules, versions: this.compared - versions }, 'new repositories of modules were compared');
  }

  private async compareModule(target: Target, module: ModulePath): Promise<void> {
    const { store, vanity } = this.options;
    const places = placesOf(vanity(), module);
    const found: Comparison[] = [];
    for (const version of await storedVersions(store, module)) {
      // Edited again: then this repository is no longer asked, and the edit has put the module into the queue.
      if (this.stopped || placesOf(vanity(), module) !== places) return;
      const comparison = await this.compareStored(target, module, version);
      if (!isBad(comparison)) continue;
      found.push(comparison);
      this.differences.set(module, found);
      this.logOnce(comparison);
      if (comparison.verdict === 'unreachable') return;
    }
    this.done.set(module, places);
    if (found.length === 0) this.differences.delete(module);
  }

  private async compareStored(
    target: Target,
    module: ModulePath,
    version: CanonicalVersion,
  ): Promise<Comparison> {
    const old = await readStored(this.options.store, module, version);
    const facts = { module, version, home: target.addresses(module), stored: knownOf(old) };
    const comparison: Comparison = { ...facts, ...(await compareVersion(target, module, version, old)) };
    this.compared += 1;
    return comparison;
  }

  private logOnce({ module, version, verdict, home, cause, remedy, files = [] }: Comparison): void {
    const line = JSON.stringify([module, version, verdict, home, cause]);
    if (this.logged.has(line)) return;
    this.logged.set(line, true);
    occurred({ type: 'drift', module });
    const facts = { module, version, verdict, home: home.join(', '), cause, remedy };
    this.options.log.warn(
      files.length === 0 ? facts : { ...facts, files: fileList(files) },
      MESSAGES[verdict],
    );
  }
}

const MESSAGES: Record<Comparison['verdict'], string> = {
  same: 'the new repository has this version',
  'moved-commit': 'the new repository has this version in another commit',
  different: 'the new repository has other content for this version; what was served stays',
  missing: 'the new repository does not have this version; what was served stays',
  unreachable: 'the new repository of this module cannot be read',
  extra: 'only the new repository has this version',
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
