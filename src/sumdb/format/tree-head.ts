/**
 * The text that a checksum database signs: how many records it has and the root hash over them. Pure.
 *
 *     go.sum database tree
 *     71909756
 *     iHqVxqh8cyFgqTcentUiEjZ88MD/U2r6w+0h9y1wcFA=
 */
import { decodeBase64, malformed, parseCount } from './encoding.js';
import { openNote, signNote, type Signer, type Verifier } from './note.js';
import { HASH_SIZE, type Tree } from './tlog.js';

/** A tree and the note that vouches for it. */
export interface SignedTree extends Tree {
  note: Buffer;
}

const FIRST_LINE = 'go.sum database tree';

export function formatTree({ size, hash }: Tree): string {
  return `${FIRST_LINE}\n${size}\n${hash.toString('base64')}\n`;
}

/** Lines after the third are for later versions of the format. Throws CHECKSUM_DATABASE. */
export function parseTree(text: string): Tree {
  const [first, count = '', base64 = '', ...more] = text.split('\n');
  const size = parseCount(count);
  const hash = decodeBase64(base64);
  if (first !== FIRST_LINE || more.length === 0 || size === undefined || hash?.length !== HASH_SIZE) {
    throw malformed('tree head');
  }
  return { size, hash };
}

export function signTree(tree: Tree, signer: Signer): SignedTree {
  return { ...tree, note: signNote(formatTree(tree), signer) };
}

/** The tree that `note` vouches for. Throws CHECKSUM_DATABASE if `verifier` did not sign it. */
export function openTree(note: Buffer, verifier: Verifier): SignedTree {
  return { ...parseTree(openNote(note, [verifier]).text), note };
}
