/**
 * What this process does, in the terms in which it is observed: activities, which take time, and occurrences, which do
 * not. The names are those of metrics labels and of spans; texts hold no credentials.
 */

/** Where a module is fetched from. */
export type SourceName = 'git' | 'upstream' | 'discovery' | 'offline';

export type Activity =
  /** A source is asked: nothing that was stored was enough. `query` as it was asked for, undefined for a list. */
  | {
      readonly type: 'fetch';
      readonly source: SourceName;
      readonly kind: 'list' | 'info' | 'mod' | 'zip';
      readonly module: string;
      readonly query: string | undefined;
    }
  /** The zip whose commit or answer was fetched is made or streamed, and stored. */
  | {
      readonly type: 'deliver';
      readonly source: SourceName;
      readonly module: string;
      readonly query: string;
    }
  /** A caller waits for what another caller has asked for already. `key` tells such flights apart. */
  | { readonly type: 'wait'; readonly key: string }
  /** A module is looked for in one repository. The address holds no credentials. */
  | { readonly type: 'repository'; readonly module: string; readonly repository: string }
  /** A question to `host` (name and port) waits for its turn. */
  | { readonly type: 'queue'; readonly host: string }
  /**
   * A git host is asked something, once it is its turn, by git or from within this process. It fails with the code of what
   * is said about that host.
   */
  | { readonly type: 'host'; readonly host: string }
  /**
   * A git command, or the same said to a host from within this process (`ls-refs`, `fetch`). `repository` is undefined for
   * what only reads the disk.
   */
  | { readonly type: 'git'; readonly command: string; readonly repository: string | undefined }
  /** A request to another proxy (`host`: name and port) until its answer is read. */
  | { readonly type: 'upstream'; readonly host: string; readonly path: string }
  /** A part of a version is written to the store. */
  | { readonly type: 'store'; readonly part: string };

export type ActivityType = Activity['type'];

/** An activity that has begun. */
export interface Began {
  /** Unique in this process, ascending. */
  readonly id: number;
  /** When, by `performance.now()`. */
  readonly at: number;
  readonly activity: Activity;
}

/** An activity that has ended. */
export interface Ended extends Began {
  readonly ms: number;
  /** The code of a `ModhavenError`, else the name of the error; undefined if it succeeded. */
  readonly failure: string | undefined;
}

/** How many things were removed from the cache directory, by their kind. */
export type RemovedCounts = Readonly<Record<'leftovers' | 'mirrors' | 'versions' | 'answers', number>>;

export type Occurrence =
  /** A file was read again; `failure` says that it has an error and that the last good one stays. */
  | { readonly type: 'reload'; readonly file: 'config' | 'vanity'; readonly failed: boolean }
  /** Room was made in the cache directory. */
  | {
      readonly type: 'gc';
      readonly removed: RemovedCounts;
      readonly freedBytes: number;
      readonly failed: boolean;
    }
  /** The new repository of a module has other content than was served. */
  | { readonly type: 'drift'; readonly module: string }
  /** A tag was moved or deleted; it is not followed. */
  | { readonly type: 'moved-tag'; readonly module: string; readonly version: string }
  /** Content was refused that is not what was recorded for a version, or that the store holds damaged. */
  | { readonly type: 'refused-content'; readonly module: string; readonly version: string };

/** Told of what a process does: after the fact, but for `began`. It must not block and must not throw. */
export interface ProcessObserver {
  began?(event: Began): void;
  ended?(event: Ended): void;
  occurred?(event: Occurrence): void;
}
