/**
 * Which files of a commit go into the zip of a module, and from where: what x/mod/zip leaves out is not there, and the
 * LICENSE of the repository's root is where the directory has none (`coderepo.go`, Zip). Names alone are judged here.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ModhavenError } from '../../errors.js';
import type { CommitHash } from '../../module/commit-hash.js';
import {
  ZIP_LIMITS,
  describeInvalid,
  selectingZipFiles,
  type ZipCandidate,
  type ZipSelection,
} from '../../module/files/zip-files.js';
import type { BlobId, CodeRepo } from '../../vcs/types.js';
import { readTar } from '../../zip/archive-reader.js';

/** A module at one commit, and the folder that its files get in the zip. */
export interface ModuleFiles {
  repo: CodeRepo;
  commit: CommitHash;
  /** Directory of the module in the repository, '' for its root. */
  directory: string;
  /** `path@version`. */
  name: string;
}

/** Bytes of a name that the zip format can count. */
const MAX_NAME = 0xffff;

export interface Choice {
  /** Paths that go into the zip, in the order of the archive; without the LICENSE that comes from elsewhere. */
  valid: string[];
  /** The LICENSE of the root, where the directory has none. */
  license: Buffer | undefined;
  /** Whether the archive holds the files as they are in the commit. */
  unchanged: boolean;
  /** The ids of the blobs of the regular files, by path; undefined where there are too many to hold them. */
  ids: ReadonlyMap<string, BlobId> | undefined;
}

/** What goes into the zip. The lists that this takes are let go before anything is written. */
export async function choose({ repo, commit, directory, name }: ModuleFiles): Promise<Choice> {
  const { candidates, ids } = await listCandidates(repo, commit, directory);
  const license = await rootLicense(repo, commit, directory, candidates);
  if (license !== undefined) candidates.push({ path: 'LICENSE', mode: 'regular' });
  const goMod = await goModForVendorRule(repo, commit, directory, candidates);
  const selection = await inTurns(selectingZipFiles(candidates, goMod));
  if (selection.invalid.length > 0) {
    throw new ModhavenError('MODULE_INVALID', `create zip: ${describeInvalid(selection)}`, {
      remedy: 'rename or remove these files and tag a new version',
    });
  }
  const overlong = selection.valid.find((path) => isOverlong(name, path));
  if (overlong !== undefined) {
    throw new ModhavenError(
      'MODULE_INVALID',
      `create zip: ${overlong.slice(0, 200)}...: file name too long for a zip`,
    );
  }
  const unchanged = !(await hasAttributes(repo, commit, directory, candidates));
  if (license !== undefined) selection.valid.pop(); // judged with the others, and last
  return { valid: selection.valid, license, unchanged, ids };
}

async function inTurns(steps: Generator<undefined, ZipSelection, undefined>): Promise<ZipSelection> {
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
    await nextTurn();
  }
}

function isOverlong(name: string, path: string): boolean {
  // No character takes more than three bytes for each unit of its length.
  const mayBe = (name.length + path.length + 1) * 3 > MAX_NAME;
  return mayBe && Buffer.byteLength(`${name}/${path}`) > MAX_NAME;
}

async function listCandidates(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
): Promise<{ candidates: ZipCandidate[]; ids: ReadonlyMap<string, BlobId> | undefined }> {
  const candidates: ZipCandidate[] = [];
  let ids: Map<string, BlobId> | undefined = new Map();
  const entries = await repo.listFiles(commit, directory);
  entries.reverse();
  // Each entry is let go as soon as it was read: there may be a million.
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
    const { path, displayPath, kind, hash } = entry;
    // A submodule is a directory to git archive, and a zip has no directories.
    if (kind === 'submodule') continue;
    // Bytes that are no UTF-8 make a name that cannot be valid, whatever they stand for.
    candidates.push({ path: path ?? displayPath, mode: kind });
    if (hash === undefined || path === undefined) ids = undefined;
    else if (kind === 'regular') ids?.set(path, hash);
  }
  return { candidates, ids };
}

/** The raw LICENSE of the root, for a module below it without a file of this name. */
async function rootLicense(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
  files: ZipCandidate[],
): Promise<Buffer | undefined> {
  if (directory === '' || files.some(({ path }) => path === 'LICENSE')) return undefined;
  return repo.readFile(commit, 'LICENSE');
}

/** Whether a `.gitattributes` in the directory or above may change what an archive holds. */
async function hasAttributes(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
  files: ZipCandidate[],
): Promise<boolean> {
  const name = '.gitattributes';
  if (files.some(({ path }) => path === name || path.endsWith(`/${name}`))) return true;
  for (let above = directory; above !== '';) {
    above = above.slice(0, Math.max(above.lastIndexOf('/'), 0));
    const file = above === '' ? name : `${above}/${name}`;
    if ((await repo.readFile(commit, file)) !== undefined) return true;
  }
  return false;
}

/** What is vendored depends on the go.mod as it is in the archive. It is only read where something may be vendored. */
async function goModForVendorRule(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
  files: ZipCandidate[],
): Promise<Buffer | undefined> {
  if (!files.some(({ path }) => path.startsWith('vendor/') || path.includes('/vendor/'))) return undefined;
  if (!files.some(({ path, mode }) => path === 'go.mod' && mode === 'regular')) return undefined;
  const archive = repo.archive(commit, directory === '' ? 'go.mod' : `${directory}/go.mod`);
  let content: Buffer | undefined;
  for await (const entry of readTar(archive))
  // A larger one makes the zip impossible anyway.
  {
    if (entry.isFile && entry.size <= ZIP_LIMITS.goMod) content = await entry.whole();
  }
  return content;
}
