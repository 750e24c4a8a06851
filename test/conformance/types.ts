/**
 * What a conformance case says: repositories, the rules that serve them, and what is asked about them.
 *
 * A case never says what the answers are. `GOPROXY=direct` does (truth.ts), and modhaven has to agree (compare.ts).
 */
import type { GitRepo, RepoOptions } from '../support/git/git-repo.js';

/** Makes or reopens the repository `CASE/NAME.git` of the git host. */
export type MakeRepo = (name: string, options?: RepoOptions) => Promise<GitRepo>;

/** Commit hashes that queries are made of, by names the case chooses. */
export type Built = Record<string, string>;

export interface Rule {
  /** Name given to `MakeRepo`. */
  repo: string;
  /** Fourth go-import field: the directory of the repository that the prefix stands for. */
  subdir?: string;
}

/** An answer that is rightly not that of `GOPROXY=direct`. */
export interface KnownDifference {
  /** The query (`MODULE@QUERY`), or the module of a list. */
  subject: string;
  /** Of raw requests or of a `go` behind modhaven. */
  of: 'http' | 'go';
  /** What modhaven gives instead, merged into the expected answer; compare.ts says what an answer looks like. */
  is: unknown;
  /** Why this cannot or should not be the same. */
  reason: string;
}

export interface ConformanceCase {
  /** Unique, kebab-case: also the folder of its repositories. */
  name: string;
  /** Numbers of the facts (facts.md) that it covers. */
  facts?: readonly number[];
  /** Makes the repositories, always the same ones. */
  build: (make: MakeRepo) => Promise<Built | undefined>;
  /** By import path. No path of one case may lie in one of another: name them `example.com/CASE…`. */
  rules: Readonly<Record<string, Rule>>;
  /** `MODULE@QUERY`: what `go mod download` takes. `MODULE@latest` is asked for each of `lists` anyway. */
  queries: readonly string[] | ((built: Built) => readonly string[]);
  /** Module paths whose versions are listed. */
  lists: readonly string[];
  knownDifferences?: readonly KnownDifference[] | ((built: Built) => readonly KnownDifference[]);
}

/** What the go command makes of a query; absent is what it did not print. */
export interface QueryTruth {
  Version?: string;
  /** Of the commit, RFC 3339 in UTC. */
  Time?: string;
  Origin?: Record<string, unknown>;
  /** `h1:` of the zip. */
  Sum?: string;
  /** `h1:` of the go.mod file. */
  GoModSum?: string;
  /** Why it refuses. For the reader: errors are compared by being there, not by their words. */
  Error?: string;
}

/** What the go command makes of a module path. */
export interface ListTruth {
  /** `go list -m -versions -retracted`. */
  Versions?: string[];
  /** The same without `-retracted`. */
  Unretracted?: string[];
  Error?: string;
}

/** Everything about one case, and the programs that said so. */
export interface CaseTruth {
  /** `go1.26.8`. */
  go: string;
  /** `2.39.5`. */
  git: string;
  queries: Record<string, QueryTruth>;
  lists: Record<string, ListTruth>;
}
