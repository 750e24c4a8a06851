/** Copies checksum data out with an export, and in with an import. */
import { join } from 'node:path';
import { ModhavenError, errorMessage } from '../errors.js';
import type { LookupRequest } from '../sumdb/format/request.js';
import { tilePath } from '../sumdb/format/tile.js';
import { readRegular } from '../fs/regular-file.js';
import { writeTimestamped } from '../fs/timestamped-file.js';
import type { ChecksumFolder } from './checksum-blobs.js';
import { databasesIn, lookupsIn, tilesIn } from './checksum-folder.js';
import { copyChecksums, type CopiedChecksums } from './copy-checksums.js';
import { linkIntoTree, replaceInTree } from './tree-files.js';

/**
 * Copies the checksum data of the store in `storeDir` into the tree `dir`: the records that are wanted, and all tiles,
 * because a site that has seen an earlier tree needs the tiles that prove it to be the beginning of this one.
 */
export async function exportChecksums(
  storeDir: string,
  dir: string,
  wants: (lookup: LookupRequest) => boolean,
): Promise<CopiedChecksums[]> {
  const copied: CopiedChecksums[] = [];
  for (const verifier of await databasesIn(storeDir)) {
    const [from, to] = [storeDir, dir].map((root) => join(root, 'sumdb', verifier.name)) as [string, string];
    // Of a database that has nothing to say of these versions, gc may have removed the tiles that prove its tree.
    if (!(await knowsAny(from, wants))) continue;
    for await (const tile of tilesIn(from)) {
      const [stored, exported] = [join(from, tilePath(tile)), join(to, tilePath(tile))];
      if (!(await linkIntoTree(stored, exported))) await replaceInTree(exported, await readRegular(stored));
    }
    const write = (path: string, bytes: Buffer) => replaceInTree(join(to, path), bytes);
    const result = await copyChecksums({ verifier, from, to, wants, write });
    // `go` asks for this first, to learn whether a proxy passes the database through.
    if (result.treeSize > 0) await write('supported', Buffer.alloc(0));
    copied.push(result);
  }
  return copied;
}

async function knowsAny(dir: string, wants: (lookup: LookupRequest) => boolean): Promise<boolean> {
  for await (const lookup of lookupsIn(dir)) if (wants(lookup)) return true;
  return false;
}

export interface ImportChecksumsOptions {
  /** Where `go` keeps the newest tree it has seen, beside its module cache. */
  goStateDir?: string | undefined;
  dryRun: boolean;
  /** Puts what was written into the store of which `storeDir` is a copy. */
  keep?: ChecksumFolder['keep'];
}

/** Copies the checksum data of the tree `root` into the store in `storeDir`. */
export async function importChecksums(
  root: string,
  storeDir: string,
  { goStateDir, dryRun, keep }: ImportChecksumsOptions,
): Promise<CopiedChecksums[]> {
  const copied: CopiedChecksums[] = [];
  for (const verifier of await databasesIn(root)) {
    const [from, to] = [root, storeDir].map((at) => join(at, 'sumdb', verifier.name)) as [string, string];
    const latest = goStateDir === undefined ? undefined : join(goStateDir, verifier.name, 'latest');
    const write = async (path: string, bytes: Buffer) => {
      if (dryRun) return;
      try {
        await writeTimestamped(join(to, path), { bytes, askedAt: Date.now() });
      } catch (error) {
        throw storeError(error);
      }
      await keep?.(`${verifier.name}/${path}`, bytes);
    };
    copied.push(await copyChecksums({ verifier, from, to, latest, wants: () => true, write }));
  }
  return copied;
}

function storeError(error: unknown): ModhavenError {
  return new ModhavenError('STORAGE', 'the cache directory of modhaven has a problem', {
    reason: errorMessage(error),
    remedy: 'check free space and rights of cache.dir',
    cause: error,
  });
}
