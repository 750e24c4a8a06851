/** The story of one module, as `modhaven explain --json` prints it. */
import type { AccessSummary } from '../../vcs/transport/access-summary.js';
import type { Origin } from '../../module/origin.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { GoAnswer } from '../probe/go-answers.js';
import type { Step } from '../terminal/stopwatch.js';

export interface Explanation {
  module: string;
  /** What was asked for; undefined for the newest version. */
  query: string | undefined;
  /** The version that is meant; undefined where that could not be found out. */
  version: CanonicalVersion | undefined;
  /** Undefined if no rule covers the module. */
  rule: { key: string; file: string; line: number } | undefined;
  /** Why the module is private, and so asked for nowhere but here; undefined if it is not. */
  private: string | undefined;
  /** The proxies that are asked instead of a repository; none for a private module. */
  upstream: string[];
  /** Import path of the repository's root, and the directory that it means. */
  root: string | undefined;
  subdir: string | undefined;
  repositories: RepositoryStory[];
  /** Bytes of what is stored of the version, and the `h1:` hash of its zip. */
  cache: { info?: number; mod?: number; zip?: number; h1?: string };
  /** Where the version was found when it was stored, and where it is now. */
  origin: { recorded?: Origin; now?: Origin };
  tag: TagStory | undefined;
  go: GoAnswer[];
  timings: Step[];
  /** Whether `go` would get the module. */
  ok: boolean;
}

/** What git said. */
export interface RepositoryStory extends AccessSummary {
  url: string;
  reached: boolean;
  defaultBranch: string | undefined;
  /** Number of versions by tag. */
  versions: number | undefined;
  /** What the version is in this repository. */
  revision: { version: CanonicalVersion; commit: string; time: string } | undefined;
  problem: string | undefined;
  remedy: string | undefined;
}

/** Whether the tag of a stored version is where it was. */
export interface TagStory {
  name: string;
  /** `unknown`: no repository could be asked. */
  state: 'same' | 'moved' | 'gone' | 'unknown';
  recorded: string;
  now: string | undefined;
}
