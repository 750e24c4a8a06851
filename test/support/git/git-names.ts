/** The parsed names that git is given (`src/vcs/names`), from the texts that a test writes. */
import { parseCommitHash, type CommitHash } from '../../../src/module/commit-hash.js';
import type { Refs } from '../../../src/vcs/objects/refs.js';
import { parseRefName } from '../../../src/vcs/names/ref-name.js';

/** `text` as the hash of a commit; throws unless it is a whole hash. */
export function hashOf(text: string): CommitHash {
  const hash = parseCommitHash(text);
  if (hash === undefined) throw new Error(`not a hash: ${text}`);
  return hash;
}

/** Refs by their names, in this order; throws for what is not a name or a hash. */
export function refsOf(hashes: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Refs {
  const entries = Symbol.iterator in hashes ? [...hashes] : Object.entries(hashes);
  return new Map(
    entries.map(([name, hash]) => {
      const ref = parseRefName(name);
      if (ref === undefined) throw new Error(`not a ref: ${name}`);
      return [ref, hashOf(hash)];
    }),
  );
}
