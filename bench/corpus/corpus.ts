/** Makes the repositories once and keeps them: below the directory for temporary files, or where the caller says. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import path from 'node:path';
import { repo } from '../../test/support/git/git-repo.js';
import { removeTree } from '../../test/support/tmp.js';
import { REPOS } from './repos.js';

/** Counted up whenever the repositories change, so that results of one version compare. */
const CORPUS_VERSION = 1;

/** The folder of the bare repositories `NAME.git`. It appears as a whole or not at all. */
export async function corpus(parent: string, say: (text: string) => void): Promise<string> {
  const dir = path.join(parent, `corpus-${CORPUS_VERSION}`);
  if (existsSync(dir)) return dir;
  say(`making the corpus in ${dir}, once`);
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(`${dir}.draft-`);
  try {
    for (const { name, build } of REPOS) {
      const r = await repo(path.join(draft, `${name}.git`));
      await build(r, name);
      // What a host keeps: everything in one pack, all refs in one file.
      await r.git('-c', 'pack.threads=1', 'repack', '-adq');
      await r.git('pack-refs', '--all', '--prune');
    }
    await rename(draft, dir);
  } finally {
    removeTree(draft);
  }
  return dir;
}
