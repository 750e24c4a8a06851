/**
 * Makes the zip of a module version.
 *
 * What goes into it: what `git archive` prints for the module's directory (not raw blobs: line endings and attributes
 * change bytes), without what x/mod/zip leaves out, plus the LICENSE of the repository's root where the directory has
 * none (`coderepo.go`, Zip). The names are judged before the first byte is written; sizes while the content streams
 * past, which is hashed on the way, so that nothing is held in memory but small files.
 */
import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ModhavenError } from '../../errors.js';
import type { CommitHash } from '../../module/commit-hash.js';
import {
  ZIP_LIMITS,
  createSizeChecker,
  describeInvalid,
  selectingZipFiles,
  type ZipCandidate,
  type ZipSelection,
} from '../../module/files/zip-files.js';
import { redactLine } from '../../redact.js';
import { GitFailure, GitOutputTooLarge } from '../../vcs/archive.js';
import type { CodeRepo } from '../../vcs/types.js';
import { FileHashes, WantedFiles } from './archive-order.js';
import { readTar, type TarEntry } from '../../zip/archive-reader.js';
import { createZipWriter, type ZipWriter } from '../../zip/writer.js';

export interface ModuleZip {
  repo: CodeRepo;
  commit: CommitHash;
  /** Directory of the module in the repository, '' for its root. */
  directory: string;
  /** `path@version`, the folder inside the zip. */
  name: string;
}

/** Files up to this size are read whole, so that several can be deflated at once. */
const SMALL = 512 * 1024;

/** What git says of paths it never puts into an index or an archive. */
const REFUSED_TREE = /^error: (?:invalid path|path too long)/m;

/** Bytes of a name that the zip format can count. */
const MAX_NAME = 0xffff;

/** Writes the zip onto `sink` and returns its `h1:` hash. Throws MODULE_INVALID where the go command refuses. */
export async function writeModuleZip(zip: ModuleZip, sink: Writable): Promise<string> {
  try {
    return await write(zip, sink);
  } catch (error) {
    if (error instanceof GitFailure) throw explain(error, zip.repo.url);
    if (error instanceof GitOutputTooLarge) {
      throw new ModhavenError(
        'MODULE_INVALID',
        `create zip: too many files, or a LICENSE too large: ${error.message}`,
      );
    }
    throw error;
  }
}

/** A tree that git itself refuses (a directory named `.git` or `..`) is a fact; a copy it cannot read is an outage. */
function explain(failure: GitFailure, url: string): ModhavenError {
  if (REFUSED_TREE.test(failure.stderr)) {
    return new ModhavenError('MODULE_INVALID', `create zip: git archive: ${redactLine(failure.stderr)}`, {
      remedy: 'remove these files and tag a new version',
      cause: failure,
    });
  }
  return new ModhavenError('STORAGE', `cannot read the local copy of ${url}`, {
    reason: redactLine(failure.message),
    remedy:
      'try again; if it stays so, remove the folder vcs in cache.dir on the modhaven server: it is made anew',
    remedyBy: 'admin',
    cause: failure,
  });
}

async function write({ repo, commit, directory, name }: ModuleZip, sink: Writable): Promise<string> {
  const { valid, license, unchanged } = await choose({ repo, commit, directory, name });
  const writer = createZipWriter(sink);
  const sizes = createSizeChecker();
  const wanted = new WantedFiles(valid);
  const hashes = new FileHashes(name, wanted.isOrdered);
  if (license !== undefined) hashes.expect({ path: 'LICENSE', sha256: sha256(license) });
  for await (const file of contentOf(repo, commit, directory, unchanged)) {
    const path = below(directory, file.path);
    if (path === undefined || !file.isFile || !wanted.take(path)) continue;
    sizes.add(path, file.size);
    hashes.add({ path, sha256: await addFile(writer, `${name}/${path}`, file) });
  }
  const lost = wanted.lost();
  if (lost !== undefined) throw new Error(`git archive left out ${lost}`);
  if (license !== undefined) {
    sizes.add('LICENSE', license.length);
    await writer.addBuffer(`${name}/LICENSE`, license);
  }
  await writer.finish();
  return hashes.sum();
}

interface Choice {
  /** Paths that go into the zip, in the order of the archive; without the LICENSE that comes from elsewhere. */
  valid: string[];
  /** The LICENSE of the root, where the directory has none. */
  license: Buffer | undefined;
  /** Whether the archive holds the files as they are in the commit. */
  unchanged: boolean;
}

/** What goes into the zip. The lists that this takes are let go before anything is written. */
async function choose({ repo, commit, directory, name }: ModuleZip): Promise<Choice> {
  const candidates = await listCandidates(repo, commit, directory);
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
  return { valid: selection.valid, license, unchanged };
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

async function addFile(writer: ZipWriter, name: string, file: TarEntry): Promise<string> {
  if (file.size <= SMALL) {
    const content = await file.whole();
    await writer.addBuffer(name, content);
    return sha256(content);
  }
  const hash = createHash('sha256');
  await writer.addStream(
    name,
    (async function* () {
      for await (const piece of file.pieces()) {
        hash.update(piece);
        yield piece;
      }
    })(),
  );
  return hash.digest('hex');
}

/** What an archive of `directory` holds; `unchanged` says that no attribute applies. */
async function* contentOf(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
  unchanged: boolean,
): AsyncGenerator<TarEntry> {
  const atHand = unchanged ? repo.readLocalFiles(commit, directory) : undefined;
  if (atHand !== undefined) {
    for (const { path, content } of atHand) {
      yield {
        path,
        isFile: true,
        size: content.length,
        whole: () => content,
        pieces: () => Readable.from([content]),
      };
    }
    return;
  }
  const archive = repo.archive(commit, directory, unchanged);
  try {
    yield* readTar(archive);
  } finally {
    archive.destroy();
  }
}

async function listCandidates(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
): Promise<ZipCandidate[]> {
  const files: ZipCandidate[] = [];
  const entries = await repo.listFiles(commit, directory);
  entries.reverse();
  // Each entry is let go as soon as it was read: there may be a million.
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
    const { path, displayPath, kind } = entry;
    // A submodule is a directory to git archive, and a zip has no directories.
    if (kind === 'submodule') continue;
    // Bytes that are no UTF-8 make a name that cannot be valid, whatever they stand for.
    files.push({ path: path ?? displayPath, mode: kind });
  }
  return files;
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

/** The path of an archive's file relative to `directory`. */
function below(directory: string, path: string): string | undefined {
  if (directory === '') return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
