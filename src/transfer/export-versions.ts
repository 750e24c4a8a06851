/**
 * Writes finished versions into a tree that `GOPROXY=file://` reads, which may hold others already.
 *
 * Files are hard links of those in the store where the file system allows, because neither side ever changes one; else
 * copies. `@v/list`, the one file that grows, lists the complete versions in the tree.
 */
import { join } from 'node:path';
import { mapEach } from '../concurrency/for-each.js';
import { escapePath } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { createDiskStore } from '../store/disk/disk-store.js';
import { partFile } from '../store/disk-tree.js';
import { isDiskProblem } from '../store/storage-error.js';
import type { Part, PartKind, VersionReader, VersionStore } from '../store/version-store.js';
import { copyVersion, type CopiedVersion } from './copy-version.js';
import type { VersionName } from './import-versions.js';
import { copyByLocalZip } from './local-zip.js';
import { linkIntoTree, replaceInTree, treeError } from './tree-files.js';

/** Where versions are read. */
export interface ExportSource {
  store: VersionStore;
  /** The folder of the store's files; undefined where they are far away. */
  storeDir?: string | undefined;
  /** Where zips of a store that is far away are held while they are copied. */
  stagingDir?: string | undefined;
}

export interface ExportVersionsOptions extends ExportSource {
  /** The root of the tree. */
  dir: string;
  /** Called after each version. */
  onDone?: () => void;
}

/** Zips that are read at once. */
const PARALLEL = 4;

/** The outcomes after which a version is in the tree. */
const DONE: readonly CopiedVersion['outcome'][] = ['added', 'same'];

/** What a version must have in the tree before `list` offers it. */
const LISTED: readonly PartKind[] = ['info', 'mod', 'zip'];

/** What became of each of `versions`, in their order. Throws STORAGE if the tree cannot be written, or the store not be read. */
export async function exportVersions(
  versions: readonly VersionName[],
  { dir, onDone, ...source }: ExportVersionsOptions,
): Promise<CopiedVersion[]> {
  const target = createDiskStore(dir);
  const copied = await mapEach(versions, PARALLEL, async (version) => {
    const exported = await exportVersion(version, source, { target, dir });
    onDone?.();
    return exported;
  }).catch((error: unknown) => {
    throw isDiskProblem(error) ? treeError(error.cause) : error;
  });
  // Also if nothing is new: an interrupted export may have left files without a list.
  const modules = new Set(copied.filter(({ outcome }) => DONE.includes(outcome)).map(({ module }) => module));
  for (const module of modules) await writeList(target, dir, module);
  return copied;
}

async function exportVersion(
  { module, version }: VersionName,
  { store, storeDir, stagingDir }: ExportSource,
  { target, dir }: { target: VersionStore; dir: string },
): Promise<CopiedVersion> {
  if (stagingDir === undefined) {
    const place = async (part: Part) =>
      storeDir !== undefined && linkIntoTree(partFile(storeDir, part), partFile(dir, part));
    return copyVersion(module, version, { source: store, target, place });
  }
  return copyByLocalZip(store, { module, version, folder: stagingDir }, (local) =>
    copyVersion(module, version, { source: local, target }),
  );
}

/**
 * Writes `@v/list`. Pseudo-versions are in it, as in the list that `go` keeps in its own cache: as versions `go` leaves
 * them out, but where there are no others, `latest` is the newest of them.
 */
async function writeList(tree: VersionReader, dir: string, module: ModulePath): Promise<void> {
  const lists = await Promise.all(LISTED.map((kind) => tree.versions(module, kind)));
  const [first = [], ...others] = lists;
  const complete = first.filter((version) => others.every((list) => list.includes(version)));
  const text = semver
    .sortVersions(complete)
    .map((version) => `${version}\n`)
    .join('');
  await replaceInTree(join(dir, escapePath(module), '@v', 'list'), Buffer.from(text));
}
