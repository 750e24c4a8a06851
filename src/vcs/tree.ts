/** Reads the tree of a commit with `git ls-tree`: names as bytes, kinds, in git's order. */
import type { BareRepo } from './bare-repo.js';
import { runGit } from './git-exec.js';
import type { TreeEntry } from './types.js';

/** 500,000 files with long names; a module zip cannot hold nearly as many. */
const MAX_LISTING = 128 * 1024 * 1024;
const LISTING_TIMEOUT_MS = 120_000;

/** Everything below `directory` ('' = the root) of `commit`, with paths relative to it. */
export async function listTree(repo: BareRepo, commit: string, directory: string): Promise<TreeEntry[]> {
  const output = await runGit({
    args: ['ls-tree', '-r', '-z', '--full-tree', `${commit}${directory === '' ? '' : `:${directory}`}`],
    cwd: repo.dir,
    env: repo.env,
    timeoutMs: LISTING_TIMEOUT_MS,
    maxOutput: MAX_LISTING,
  });
  return parseTree(output);
}

/** Whether the tree of `commit` lists a file or link at `path`, whether or not its content is at hand. */
export async function holdsFile(repo: BareRepo, commit: string, path: string): Promise<boolean> {
  const output = await runGit({
    args: ['ls-tree', '-z', '--full-tree', commit, '--', path],
    cwd: repo.dir,
    env: repo.env,
    timeoutMs: LISTING_TIMEOUT_MS,
  });
  return /^\d{6} blob /.test(output.toString('latin1'));
}

/** Parses `MODE TYPE HASH<TAB>PATH<NUL>` records. */
export function parseTree(output: Buffer): TreeEntry[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // a name keeps its U+FEFF
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0, at);
    const tab = output.indexOf(0x09, at);
    const mode = output.toString('latin1', at, at + 6);
    const path = output.subarray(tab + 1, end);
    entries.push({ path: decode(decoder, path), displayPath: path.toString('utf8'), kind: kindOf(mode) });
    at = end + 1;
  }
  return entries;
}

function kindOf(mode: string): TreeEntry['kind'] {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  return 'regular';
}

function decode(decoder: { decode(bytes: Uint8Array): string }, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
