/**
 * The name of a commit: the only form in which a hash from an `.info`, an import, an upstream or a host gets to git, which
 * reads a line break for another question and a dash for an option.
 */
declare const brand: unique symbol;

/** 40 hex digits in lower case, or 64 where the repository uses SHA-256. */
export type CommitHash = string & { readonly [brand]: 'commit hash' };

/** `text` as the name of a commit; undefined if it is not one. */
export function parseCommitHash(text: string | undefined): CommitHash | undefined {
  return text !== undefined && HASH.test(text) ? (text as CommitHash) : undefined;
}

const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
