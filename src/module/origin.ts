/**
 * Where an answer comes from, in the very form the go command writes into `.info` files
 * (`codehost.Origin`; field order is that of its JSON).
 */
export interface Origin {
  VCS: 'git';
  URL: string;
  /** Directory of the module in the repository; absent for the root. */
  Subdir?: string;
  /** Commit. */
  Hash?: string;
  /** With `TagSum`: the answer depends on the tags that begin so. */
  TagPrefix?: string;
  TagSum?: string;
  /** The answer depends on this ref (`refs/tags/v1.0.0`, `refs/heads/main`, `HEAD`) pointing at `Hash`. */
  Ref?: string;
}
