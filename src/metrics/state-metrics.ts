/** What a server is, has and has found, at the moment of a scrape. */
import { counter, gauge, type Family, type Sample } from './families.js';

export interface ServerState {
  version: string;
  rules: number;
  /** Whether the file that was read last has an error, so that the last good one stays. */
  hasError: { config: boolean; vanity: boolean };
  /** Worker processes; 0 where one process does it all. */
  workers: number;
  /** Those of them that listen. */
  workersUp: number;
  /** Bytes below `cache.dir` by folder, as of the last look; undefined before the first. */
  cacheBytes: ReadonlyMap<string, number> | undefined;
  /** Bytes that may be there. */
  cacheLimit: number;
  drift: number;
  movedTags: number;
  damagedParts: number;
  /** Records of our own checksum database; undefined without one. */
  sumdbRecords: number | undefined;
  faults: number;
  gitChildren: number;
}

/** The folders of `cache.dir` that are shown by name. */
const KINDS: Readonly<Record<string, string>> = {
  download: 'versions',
  vcs: 'mirrors',
  upstream: 'upstream-answers',
  private: 'private-answers',
  sumdb: 'checksum-database',
  damaged: 'damaged',
};

export function stateFamilies(state: ServerState): Family[] {
  const { hasError, cacheBytes, sumdbRecords } = state;
  return [
    gauge('modhaven_info', 'Always 1; the labels say what runs.', [
      { labels: { version: state.version, node: process.version }, value: 1 },
    ]),
    gauge('modhaven_workers', 'Worker processes; 0 where one process does it all.', state.workers),
    gauge('modhaven_workers_up', 'Worker processes that listen.', state.workersUp),
    gauge('modhaven_vanity_rules', 'Rules of vanity.yaml that are in use.', state.rules),
    gauge('modhaven_file_error', 'Whether a file has an error, so that the last good one stays in use.', [
      { labels: { file: 'config' }, value: Number(hasError.config) },
      { labels: { file: 'vanity' }, value: Number(hasError.vanity) },
    ]),
    gauge('modhaven_cache_limit_bytes', 'cache.max_size.', state.cacheLimit),
    ...(cacheBytes === undefined
      ? []
      : [gauge('modhaven_cache_bytes', 'Bytes below cache.dir, by kind.', bytesByKind(cacheBytes))]),
    gauge('modhaven_drift_versions', 'Stored versions whose new repository differs.', state.drift),
    gauge('modhaven_moved_tags', 'Versions whose tag was moved or deleted since.', state.movedTags),
    gauge('modhaven_damaged_parts', 'Stored files that are not what was stored.', state.damagedParts),
    ...(sumdbRecords === undefined
      ? []
      : [gauge('modhaven_sumdb_records', 'Records of our own checksum database.', sumdbRecords)]),
    counter('modhaven_faults_total', 'Errors that no code foresaw.', state.faults),
    gauge('modhaven_git_children', 'git processes that run now.', state.gitChildren),
  ];
}

function bytesByKind(folders: ReadonlyMap<string, number>): Sample[] {
  const sums = new Map<string, number>();
  for (const [folder, bytes] of folders) {
    const kind = KINDS[folder] ?? 'other';
    sums.set(kind, (sums.get(kind) ?? 0) + bytes);
  }
  return [...sums].map(([kind, value]) => ({ labels: { kind }, value }));
}
