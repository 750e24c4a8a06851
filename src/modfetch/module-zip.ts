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
import { ModhavenError } from '../errors.js';
import type { CommitHash } from '../module/commit-hash.js';
import { hash1 } from '../module/files/dirhash.js';
import {
  ZIP_LIMITS,
  createSizeChecker,
  describeInvalid,
  selectZipFiles,
  type ZipCandidate,
} from '../module/files/zip-files.js';
import { redactLine } from '../redact.js';
import { GitFailure, GitOutputTooLarge } from '../vcs/archive.js';
import type { CodeRepo } from '../vcs/types.js';
import { readTar, type TarEntry } from '../zip/archive-reader.js';
import { createZipWriter } from '../zip/writer.js';

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
  const candidates = await listCandidates(repo, commit, directory);
  const license = await rootLicense(repo, commit, directory, candidates);
  if (license !== undefined) candidates.push({ path: 'LICENSE', mode: 'regular' });
  const selection = selectZipFiles(candidates, await goModForVendorRule(repo, commit, directory, candidates));
  if (selection.invalid.length > 0) {
    throw new ModhavenError('MODULE_INVALID', `create zip: ${describeInvalid(selection)}`, {
      remedy: 'rename or remove these files and tag a new version',
    });
  }
  const overlong = selection.valid.find((path) => Buffer.byteLength(`${name}/${path}`) > MAX_NAME);
  if (overlong !== undefined) {
    throw new ModhavenError(
      'MODULE_INVALID',
      `create zip: ${overlong.slice(0, 200)}...: file name too long for a zip`,
    );
  }

  const writer = createZipWriter(sink);
  const sizes = createSizeChecker();
  const hashes: { name: string; sha256: string }[] = [];
  const wanted = new Set(selection.valid);
  if (license !== undefined) wanted.delete('LICENSE');
  const unchanged = !(await hasAttributes(repo, commit, directory, candidates));
  for await (const file of contentOf(repo, commit, directory, unchanged)) {
    const path = below(directory, file.path);
    if (path === undefined || !file.isFile || !wanted.delete(path)) continue;
    sizes.add(path, file.size);
    hashes.push({ name: `${name}/${path}`, sha256: await addFile(`${name}/${path}`, file) });
  }
  const [lost] = wanted;
  if (lost !== undefined) throw new Error(`git archive left out ${lost}`);
  if (license !== undefined) {
    sizes.add('LICENSE', license.length);
    await writer.addBuffer(`${name}/LICENSE`, license);
    hashes.push({ name: `${name}/LICENSE`, sha256: sha256(license) });
  }
  await writer.finish();
  return hash1(hashes);

  async function addFile(path: string, file: TarEntry): Promise<string> {
    if (file.size <= SMALL) {
      const content = await file.whole();
      await writer.addBuffer(path, content);
      return sha256(content);
    }
    const hash = createHash('sha256');
    await writer.addStream(
      path,
      (async function* () {
        for await (const piece of file.pieces()) {
          hash.update(piece);
          yield piece;
        }
      })(),
    );
    return hash.digest('hex');
  }
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
  for (const { path, displayPath, kind } of await repo.listFiles(commit, directory)) {
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
