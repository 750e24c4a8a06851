/**
 * Fetches that pages wait for: the list, the `.info`, the go.mod and the zip of one version, one after the other, shared
 * by all visitors of the page. A page waits a moment; a visitor who would have to wait longer is shown the phases instead (`module-files.ts`).
 */
import { performance } from 'node:perf_hooks';
import { decodeInfo, type Info } from '../../module/info.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { ModulePath } from '../../module/module-path.js';
import type { Modules } from '../../modfetch/repo.js';
import { followModule } from './follow-module.js';

export interface Phase {
  /** In words. */
  name: string;
  /** How long it took; undefined while it runs. */
  ms: number | undefined;
  failed: boolean;
}

/** What is known of a version once it was fetched. */
export interface FetchedVersion {
  version: CanonicalVersion;
  info: Info;
  /** Versions that its origin lists, oldest first; undefined if it could not be asked and nothing is known. */
  list: readonly CanonicalVersion[] | undefined;
  /** Whether the origin could not be asked, so that this may be outdated. */
  isStale: boolean;
  mod: string;
  /** Why there are no files to show; undefined if there are. */
  zipError: unknown;
}

/** One fetch, while it runs and shortly after. */
export interface FetchJob {
  readonly phases: readonly Phase[];
  /** Rejects with what stood in the way of the version itself. */
  readonly result: Promise<FetchedVersion>;
  readonly isRunning: boolean;
  /** Calls `listener` after each change of `phases` and at the end. Returns what ends that. */
  watch(listener: () => void): () => void;
}

/** How long a failure is kept for the page that is loaded again because of it, in milliseconds. */
const FAILURE_KEPT_MS = 5_000;
/** Git commands and the like that are shown of one fetch. */
const MAX_PARTS = 50;
/** Jobs at a time; a visitor beyond that waits for a place. */
const MAX_JOBS = 64;

export class FetchJobs {
  private readonly modules: Modules;
  private readonly jobs = new Map<string, Job>();

  constructor(modules: Modules) {
    this.modules = modules;
  }

  /** The fetch of what `query` (a version, `latest`, a branch) means of a module: the one that runs, or a new one. */
  of(module: ModulePath, query: string): FetchJob {
    const key = jobKey(module, query);
    const known = this.jobs.get(key);
    if (known !== undefined) return known;
    const job = new Job(module, (phase) => this.fetch(module, query, phase));
    if (this.jobs.size >= MAX_JOBS) return job; // not shared, but answered
    this.jobs.set(key, job);
    const forget = () => {
      if (this.jobs.get(key) === job) this.jobs.delete(key);
    };
    job.result.then(forget, () => setTimeout(forget, FAILURE_KEPT_MS).unref());
    return job;
  }

  /** The fetch that runs, or has just failed; undefined if there is none. */
  running(module: string, query: string): FetchJob | undefined {
    return this.jobs.get(jobKey(module, query));
  }

  private async fetch(module: ModulePath, query: string, phase: RunPhase): Promise<FetchedVersion> {
    const { modules } = this;
    // The list may fail where a version is known: then the page shows what is stored.
    const list = await phase('versions', () => modules.list(module)).catch(() => undefined);
    const info = await phase(query === 'latest' ? 'newest version' : 'commit of the version', () =>
      modules.info(module, query),
    );
    const { Version: version } = decodeInfo(info.value);
    // By its own name a version is stored with all that is known of it.
    const named = query === version ? info : await modules.info(module, version);
    const mod = await phase('go.mod', () => modules.mod(module, version));
    let zipError: unknown;
    await phase('files', async () => (await modules.zip(module, version)).stored()).catch(
      (error: unknown) => {
        zipError = error;
      },
    );
    return {
      version,
      info: decodeInfo(named.value),
      zipError,
      list: list?.value,
      isStale: list?.stale === true || list === undefined,
      mod: mod.value.toString(),
    };
  }
}

function jobKey(module: string, query: string): string {
  return `${module}@${query}`;
}

type RunPhase = <T>(name: string, work: () => Promise<T>) => Promise<T>;

class Job implements FetchJob {
  readonly phases: Phase[] = [];
  readonly result: Promise<FetchedVersion>;
  isRunning = true;
  private readonly listeners = new Set<() => void>();

  /** What is done within the phases, by its id. */
  private readonly parts = new Map<number, Phase>();

  constructor(module: ModulePath, fetch: (phase: RunPhase) => Promise<FetchedVersion>) {
    const stopFollowing = followModule(module, {
      began: (id, name) => this.beganPart(id, name),
      ended: (id, ms, failed) => this.endedPart(id, ms, failed),
    });
    this.result = fetch((name, work) => this.run(name, work)).finally(() => {
      stopFollowing();
      this.isRunning = false;
      this.tell();
    });
    this.result.catch(() => undefined); // for the callers that wait for it
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const phase: Phase = { name, ms: undefined, failed: true };
    const startedAt = performance.now();
    this.phases.push(phase);
    this.tell();
    try {
      const result = await work();
      phase.failed = false;
      return result;
    } finally {
      phase.ms = Math.round(performance.now() - startedAt);
      this.tell();
    }
  }

  private beganPart(id: number, name: string): void {
    if (this.parts.size >= MAX_PARTS) return;
    const part: Phase = { name, ms: undefined, failed: true };
    this.parts.set(id, part);
    this.phases.push(part);
    this.tell();
  }

  private endedPart(id: number, ms: number, failed: boolean): void {
    const part = this.parts.get(id);
    if (part === undefined) return;
    Object.assign(part, { ms: Math.round(ms), failed });
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
