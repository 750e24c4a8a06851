/**
 * Makes the zip of a module version.
 *
 * What goes into it (`choice.ts`) is what `git archive` prints for the module's directory, not raw blobs: line endings and
 * attributes change bytes. The names are judged before the first byte is written; sizes while the content streams past,
 * which is hashed on the way, so that nothing is held in memory but small files. What has not changed since another version
 * is taken over from its zip (`entry-reuse.ts`).
 */
import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { ModhavenError } from '../../errors.js';
import type { CommitHash } from '../../module/commit-hash.js';
import { createSizeChecker } from '../../module/files/zip-files.js';
import { redactLine } from '../../redact.js';
import { GitFailure, GitOutputTooLarge } from '../../vcs/archive.js';
import { asLocalFailure } from '../../vcs/refs-changed.js';
import type { BlobId, CodeRepo } from '../../vcs/types.js';
import { FileHashes, expectedFiles, type ExpectedFiles } from './archive-order.js';
import { choose, type Choice, type ModuleFiles } from './choice.js';
import { EntryReuse, type OpenEarlier } from './entry-reuse.js';
import { readTar, type TarEntry } from '../../zip/archive-reader.js';
import { createZipWriter, type ZipWriter } from '../../zip/writer.js';

export interface ModuleZipInput extends ModuleFiles {
  /** For the entries of unchanged files; absent: every file is deflated. */
  earlier?: OpenEarlier;
}

/** Files up to this size are read whole, so that several can be deflated at once. */
const SMALL = 512 * 1024;

/** What git says of paths it never puts into an index or an archive. */
const REFUSED_TREE = /^error: (?:invalid path|path too long)/m;

/** Writes the zip onto `sink` and returns its `h1:` hash. Throws MODULE_INVALID where the go command refuses. */
export async function writeModuleZip(zip: ModuleZipInput, sink: Writable): Promise<string> {
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
function explain(failure: GitFailure, url: string): unknown {
  if (REFUSED_TREE.test(failure.stderr)) {
    return new ModhavenError('MODULE_INVALID', `create zip: git archive: ${redactLine(failure.stderr)}`, {
      remedy: 'remove these files and tag a new version',
      cause: failure,
    });
  }
  return asLocalFailure(failure, url);
}

async function write(zip: ModuleZipInput, sink: Writable): Promise<string> {
  const choice = await choose(zip);
  const reuse = await openReuse(zip, choice);
  try {
    return await new ZipFiller(zip, choice, reuse, sink).fill();
  } finally {
    reuse?.close();
  }
}

/** Undefined where nothing can be taken over, or the module is in memory: then it is small, and made anew at once. */
async function openReuse(zip: ModuleZipInput, choice: Choice): Promise<EntryReuse | undefined> {
  const { repo, commit, directory, name, earlier } = zip;
  const { notes } = repo;
  if (notes === undefined || earlier === undefined || !choice.unchanged) return undefined;
  if (repo.readLocalFiles(commit, directory) !== undefined) return undefined;
  return EntryReuse.open({ notes, name, choice, earlier });
}

/** Fills one zip with the files that were chosen, in their order. */
class ZipFiller {
  readonly #zip: ModuleZipInput;
  readonly #choice: Choice;
  readonly #reuse: EntryReuse | undefined;
  readonly #writer: ZipWriter;
  readonly #sizes = createSizeChecker();
  readonly #hashes: FileHashes;
  /** The files that are not taken over. */
  readonly #wanted: ExpectedFiles;
  /** All files, where some are taken over; else none. */
  readonly #all: readonly string[];
  /** The others, where some are taken over. */
  readonly #changed: readonly string[];
  #next = 0;

  constructor(zip: ModuleZipInput, choice: Choice, reuse: EntryReuse | undefined, sink: Writable) {
    const { paths = [] } = choice;
    this.#zip = zip;
    this.#choice = choice;
    this.#reuse = reuse;
    this.#writer = createZipWriter(sink, reuse?.wrote);
    this.#changed = reuse === undefined ? paths : paths.filter((path) => reuse.find(path) === undefined);
    const takesOver = this.#changed.length < paths.length;
    this.#all = takesOver ? paths : [];
    this.#wanted = takesOver ? expectedFiles(this.#changed) : choice.wanted;
    this.#hashes = new FileHashes(zip.name, reuse !== undefined || this.#wanted.isOrdered);
  }

  /** Returns the `h1:` hash. */
  async fill(): Promise<string> {
    const { license } = this.#choice;
    if (license !== undefined) this.#hashes.expect({ path: 'LICENSE', sha256: sha256(license) });
    const { directory } = this.#zip;
    for await (const file of await this.#content()) {
      const path = below(directory, file.path);
      if (path === undefined || !file.isFile || !this.#wanted.take(path)) continue;
      if (this.#all.length > 0) await this.#copyUpTo(path);
      this.#sizes.add(path, file.size);
      // Most files are in memory, and there is room for them: then nothing is waited for.
      const added = file.size <= SMALL ? this.#addSmall(path, file.whole()) : this.#addLarge(path, file);
      if (added !== undefined) await added;
    }
    if (this.#all.length > 0) await this.#copyUpTo(undefined);
    const lost = this.#wanted.lost();
    if (lost !== undefined) throw new Error(`git archive left out ${lost}`);
    if (license !== undefined) {
      this.#sizes.add('LICENSE', license.length);
      await this.#writer.addBuffer(`${this.#zip.name}/LICENSE`, license);
      this.#reuse?.added(undefined, '');
    }
    const end = await this.#writer.finish();
    const hash = this.#hashes.sum();
    await this.#reuse?.finish(hash, end);
    return hash;
  }

  async #content(): Promise<Entries> {
    const { repo, commit, directory } = this.#zip;
    const { unchanged, ids } = this.#choice;
    if (this.#all.length === 0) return contentOf(repo, commit, directory, unchanged);
    const files = this.#changed.flatMap((path) => {
      const id = ids?.get(path);
      return id === undefined ? [] : [{ path: above(directory, path), id }];
    });
    return contentOfSome(repo, commit, directory, files);
  }

  #addSmall(path: string, content: Buffer | Promise<Buffer>): Promise<void> | undefined {
    if (!Buffer.isBuffer(content)) return content.then((whole) => this.#addSmall(path, whole));
    const room = this.#writer.addBuffer(`${this.#zip.name}/${path}`, content);
    this.#added(path, sha256(content));
    return room;
  }

  async #addLarge(path: string, file: TarEntry): Promise<void> {
    const hash = createHash('sha256');
    await this.#writer.addStream(
      `${this.#zip.name}/${path}`,
      (async function* () {
        for await (const piece of file.pieces()) {
          hash.update(piece);
          yield piece;
        }
      })(),
    );
    this.#added(path, hash.digest('hex'));
  }

  #added(path: string, sum: string): void {
    this.#hashes.add({ path, sha256: sum });
    this.#reuse?.added(path, sum);
  }

  /** Takes over the files before `path`, or all that are left. */
  async #copyUpTo(path: string | undefined): Promise<void> {
    const reuse = this.#reuse;
    for (; reuse !== undefined && this.#next < this.#all.length; this.#next += 1) {
      const kept = this.#all[this.#next] ?? '';
      const entry = kept === path ? undefined : reuse.find(kept);
      if (entry === undefined) break;
      this.#sizes.add(kept, entry.size);
      this.#hashes.add({ path: kept, sha256: entry.sha256 });
      await reuse.prepare(entry);
      await this.#writer.addCopy(`${this.#zip.name}/${kept}`, reuse.copy(entry));
      reuse.added(kept, entry.sha256);
    }
    if (path !== undefined) this.#next += 1;
  }
}

/** So many files are read one by one, and so many are named to git, at most. */
const SOME = { read: 1_000, bytes: 16 * 1024 * 1024, named: 100 };

/** Files in the order of an archive. */
type Entries = AsyncIterable<TarEntry> | Iterable<TarEntry>;

/** The content of `files` of an archive of `directory` to which no attribute applies, others among them. */
async function contentOfSome(
  repo: CodeRepo,
  commit: CommitHash,
  directory: string,
  files: readonly { path: string; id: BlobId }[],
): Promise<Entries> {
  if (files.length === 0) return [];
  const blobs =
    files.length <= SOME.read
      ? await repo.readBlobs(
          commit,
          files.map(({ id }) => id),
          SOME.bytes,
        )
      : undefined;
  if (blobs !== undefined) return files.map(({ path }, i) => entryOf(path, blobs[i] ?? Buffer.alloc(0)));
  const paths = files.length <= SOME.named ? files.map(({ path }) => path) : directory;
  return readTar(repo.archive(commit, paths, true));
}

/** What an archive of `directory` holds; `unchanged` says that no attribute applies. */
function contentOf(repo: CodeRepo, commit: CommitHash, directory: string, unchanged: boolean): Entries {
  const local = unchanged ? repo.readLocalFiles(commit, directory) : undefined;
  if (local !== undefined) return local.map(({ path, content }) => entryOf(path, content));
  return readTar(repo.archive(commit, directory, unchanged));
}

function entryOf(path: string, content: Buffer): TarEntry {
  return {
    path,
    isFile: true,
    size: content.length,
    whole: () => content,
    pieces: () => Readable.from([content]),
  };
}

/** The path of an archive's file relative to `directory`. */
function below(directory: string, path: string): string | undefined {
  if (directory === '') return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}

/** The path in the repository of a file of `directory`. */
function above(directory: string, path: string): string {
  return directory === '' ? path : `${directory}/${path}`;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
