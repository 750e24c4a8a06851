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
  /** A pattern of which no repository is known: only its host was asked. */
  skipped: boolean;
  /** Whether the host of a pattern of which no repository is known answers. */
  hostAnswers: boolean;
  /** Whether the row is in order; a repository of several that is not there (yet) is. */
  ok: boolean;
  defaultBranch: string | undefined;
  versions: number | undefined;
  /** What is worth a look although the row is in order. */
  warning: string | undefined;
  problem: string | undefined;
  remedy: string | undefined;
}

/** A row about which nothing is known yet. */
export function blankRow(
  rule: Readonly<{ key: string; line: number; prefix: string; sources: readonly string[] }>,
): CheckRow {
  return {
    rule: rule.key,
    line: rule.line,
    module: rule.prefix,
    root: undefined,
    repository: rule.sources[0] ?? '',
    hostEntry: undefined,
    credential: undefined,
    reached: false,
    skipped: false,
    hostAnswers: false,
    ok: false,
    defaultBranch: undefined,
    versions: undefined,
    warning: undefined,
    problem: undefined,
    remedy: undefined,
  };
}
