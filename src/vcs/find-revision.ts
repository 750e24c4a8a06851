/**
 * Which commit a name means, by what the host lists (`cmd/go/internal/modfetch/codehost/git.go`, stat): a tag beats a
 * branch of the same name, and both beat a hash, also one spelled like them. Pure.
 */
import { ModhavenError } from '../errors.js';
import type { ObjectHash } from './names/object-name.js';
import { HEAD, parseRefName, type RefName } from './names/ref-name.js';
import type { Refs } from './objects/refs.js';

/** A revision that was found. */
export interface Found {
  hash: ObjectHash;
  /** A ref that points at `hash`. */
  ref: RefName | undefined;
  /** What `Revision.name` becomes: the tag asked for, else the hash. */
  name: string;
}

/**
 * What `revision` means by the refs alone; undefined where it may be the hash of a commit further back. Throws
 * VERSION_NOT_FOUND where it can be nothing at all, or several things.
 */
export function findInRefs(refs: Refs, revision: string): Found | undefined {
  for (const folder of ['tags', 'heads']) {
    const ref = parseRefName(`refs/${folder}/${revision}`);
    const hash = ref && refs.get(ref);
    if (hash !== undefined) return { hash, ref, name: folder === 'tags' ? revision : hash };
  }
  const head = refs.get(HEAD);
  if (revision === HEAD && head !== undefined) return { hash: head, ref: HEAD, name: head };
  const hashLength = refs.values().next().value?.length === 64 ? 64 : 40;
  if (!isHashPrefix(revision, hashLength)) throw unknownRevision(revision);
  return findTip(refs, revision);
}

/** A ref that points at `commit`; undefined if there is none. */
export function refTo(refs: Refs, commit: ObjectHash): RefName | undefined {
  for (const [ref, hash] of refs) if (hash === commit) return ref;
  return undefined;
}

/** The error for a revision that is nowhere. */
export function unknownRevision(revision: string): ModhavenError {
  return new ModhavenError('VERSION_NOT_FOUND', `unknown revision ${revision}`, {
    reason: 'the repository has no tag, branch or reachable commit of this name',
    remedy:
      'check the spelling, and that the tag is pushed (v1.2.3; for a module in a directory: directory/v1.2.3)',
  });
}

function findTip(refs: Refs, prefix: string): Found | undefined {
  let found: { hash: ObjectHash; ref: RefName } | undefined;
  for (const [ref, hash] of refs) {
    if (!hash.startsWith(prefix)) continue;
    if (found !== undefined && found.hash !== hash) {
      throw new ModhavenError('VERSION_NOT_FOUND', `ambiguous revision ${prefix}`, {
        remedy: 'write more digits of the commit hash',
      });
    }
    if (found === undefined || ref < found.ref) found = { hash, ref };
  }
  return found === undefined ? undefined : { ...found, name: found.hash };
}

/** The go command takes 7 digits up to a whole hash, lower case only. */
function isHashPrefix(revision: string, hashLength: number): boolean {
  return revision.length >= 7 && revision.length <= hashLength && /^[0-9a-f]+$/.test(revision);
}
