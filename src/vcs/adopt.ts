/**
 * Takes over what a host sent for `trees.git` although it was asked for less: all files of a commit. They need not be
 * fetched again for `content.git`.
 */
import { link, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes the packs of the repository in `from`, and the commit with them, those of the one in `to` as well. Both are bare,
 * shallow and on one disk; only whoever writes `to` may do this.
 */
export async function adoptCommit(from: string, to: string, commit: string): Promise<void> {
  const packs = join(from, 'objects', 'pack');
  // An index makes its pack visible, so packs come first.
  const names = (await readdir(packs)).filter((name) => /^pack-[0-9a-f]+\.(?:pack|idx)$/.test(name));
  for (const name of names.sort((a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx'))))
    await linkUnlessThere(join(packs, name), join(to, 'objects', 'pack', name));
  const [mine, theirs] = await Promise.all([to, from].map(shallowCommits));
  await writeFile(
    join(to, 'shallow'),
    [...new Set([...(mine ?? []), ...(theirs ?? [])])].map((hash) => `${hash}\n`).join(''),
  );
  const refs = join(to, 'refs', 'modhaven');
  await mkdir(refs, { recursive: true });
  await writeFile(join(refs, commit), `${commit}\n`);
}

/** The commits whose parents are not there (gitrepository-layout(5)). */
async function shallowCommits(dir: string): Promise<string[]> {
  const text = await readFile(join(dir, 'shallow'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function linkUnlessThere(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}
