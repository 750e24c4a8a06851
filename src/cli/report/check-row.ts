/** One repository that was tried, or a rule for which there was none to try. */
export interface CheckRow {
  /** Key of the rule; empty for a module that no rule covers. */
  rule: string;
  /** Line of the rule in the vanity file. */
  line: number;
  /** The module path that was tried; of a pattern of which no module is known, the pattern. */
  module: string;
  /** Import path of the repository's root; where only the git host knows it, as the host confirmed it. */
  root: string | undefined;
  repository: string;
  /** Key under `vcs.hosts` that applied. */
  hostEntry: string | undefined;
  /** Where the login came from; never the login. */
  credential: string | undefined;
  reached: boolean;
  /** A pattern of which no module is known: there is nothing to try. */
  skipped: boolean;
  /** Whether the row is in order; a repository of several that is not there (yet) is. */
  ok: boolean;
  defaultBranch: string | undefined;
  versions: number | undefined;
  problem: string | undefined;
  remedy: string | undefined;
}
