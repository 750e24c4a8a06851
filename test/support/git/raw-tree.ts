/**
 * Tree objects byte by byte, for trees that no well-behaved client would push: names such as `..`, `.git` or `a/b`,
 * one name twice, entries out of order. They are written as given, neither checked nor sorted.
 */
import { mustRun } from '../run.js';

/** One entry of a tree object. */
export interface RawTreeEntry {
  /** Octal as stored: `100644`, `100755`, `120000` (symlink), `160000` (gitlink), `40000` (directory). */
  mode: string;
  /** A Buffer for names that are not UTF-8. */
  name: string | Uint8Array;
  /** What the entry holds: bytes to be stored as a blob, or the hash of any object, existing or not. */
  content: { data: string | Uint8Array } | { hash: string };
}

/** Writes a tree object into the repository at `gitDir`. Answers its hash. */
export async function writeRawTree(gitDir: string, entries: readonly RawTreeEntry[]): Promise<string> {
  const parts: Uint8Array[] = [];
  for (const { mode, name, content } of entries) {
    const hash = 'hash' in content ? content.hash : await hashObject(gitDir, ['-w'], content.data);
    parts.push(Buffer.from(`${mode} `), Buffer.from(name), Buffer.of(0), Buffer.from(hash, 'hex'));
  }
  return hashObject(gitDir, ['-t', 'tree', '-w', '--literally'], Buffer.concat(parts));
}

async function hashObject(gitDir: string, flags: string[], input: string | Uint8Array): Promise<string> {
  const args = ['--git-dir', gitDir, 'hash-object', '--stdin', ...flags];
  return (await mustRun('git', args, { input })).trim();
}
