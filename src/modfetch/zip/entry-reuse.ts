/**
 * A next version costs its change: the zip of a version takes the entries of unchanged files over from the zip of another
 * version of its module that is stored. What is needed for that is noted when a zip is made, with the local copy of the
 * repository (`RepoNotes`): without the note, or with a damaged one, every file is deflated as for a first version, and the
 * bytes of the zip are the same.
 */
import { createHash } from 'node:crypto';
import type { RepoNotes } from '../../vcs/types.js';
import { EarlierZip, type PositionedFile } from '../../zip/earlier-zip.js';
import { EntryRecorder, NotedEntries, type NotedEntry } from '../../zip/entry-record.js';
import type { ZipDirectory, ZipEntry } from '../../zip/records.js';
import type { CopiedEntry } from '../../zip/writer.js';
import type { Choice } from './choice.js';

/** The stored zip of a version, open for reading. */
export interface EarlierVersion {
  /** Its `h1:` hash. */
  hash: string;
  file: PositionedFile & { close(): void };
}

/** Opens the stored zip of another version of the module; undefined where there is none. */
export type OpenEarlier = (version: string) => Promise<EarlierVersion | undefined>;

/** Of smaller zips nothing is noted: to make them anew costs less than to look. */
const WORTH_NOTING = { files: 32, bytes: 256 * 1024 };

/** Entries up to this size, in bytes, are copied without a stream for each. */
const SMALL = 256 * 1024;

export interface ReuseOptions {
  notes: RepoNotes;
  /** `path@version`. */
  name: string;
  choice: Choice;
  earlier: OpenEarlier;
}

/** What can be taken over for one zip, and what is noted of it for the next one. */
export class EntryReuse {
  readonly #notes: RepoNotes;
  readonly #module: string;
  readonly #version: string;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #recorder = new EntryRecorder();
  #noted: NotedEntries | undefined;
  #earlier: { version: EarlierVersion; zip: EarlierZip } | undefined;
  /** Entries that are written and sums of what was added, until both are known. */
  readonly #written: ZipEntry[] = [];
  readonly #sums: { id: string | undefined; sha256: string }[] = [];
  #count = 0;

  private constructor({ notes, name }: ReuseOptions, ids: ReadonlyMap<string, string>) {
    const at = name.lastIndexOf('@');
    this.#notes = notes;
    this.#module = name.slice(0, at);
    this.#version = name.slice(at + 1);
    this.#ids = ids;
  }

  /**
   * Undefined where files are not in the zip as they are in the commit, or not in the order of their paths. The caller
   * closes it.
   */
  static async open(options: ReuseOptions): Promise<EntryReuse | undefined> {
    const { unchanged, ids, paths, wanted } = options.choice;
    if (!unchanged || ids === undefined || paths === undefined || !wanted.isOrdered) return undefined;
    const reuse = new EntryReuse(options, ids);
    await reuse.#openEarlier(options.earlier).catch(() => undefined); // then nothing is taken over
    return reuse;
  }

  /** The entry of an unchanged file. */
  find(path: string): NotedEntry | undefined {
    const id = this.#ids.get(path);
    return id === undefined ? undefined : this.#noted?.find(id);
  }

  /** The same with its data. To be written before the next one is asked for. */
  copy(entry: NotedEntry): CopiedEntry {
    const { dataStart, compressed } = entry;
    const zip = this.#earlier?.zip;
    if (zip === undefined || compressed === 0) return { ...entry, data: Buffer.alloc(0) };
    return { ...entry, data: zip.ready(dataStart, compressed) ?? zip.pieces(dataStart, compressed) };
  }

  /** Reads on in the earlier zip where the data of a small entry is not in memory yet. */
  async prepare({ dataStart, compressed }: NotedEntry): Promise<void> {
    const zip = this.#earlier?.zip;
    if (compressed > 0 && compressed <= SMALL) await zip?.fill(dataStart, compressed);
  }

  /** A file was added to the zip; `path` is undefined if it is not one of the module's directory. */
  added(path: string | undefined, sha256: string): void {
    this.#sums.push({ id: path === undefined ? undefined : this.#ids.get(path), sha256 });
    this.#match();
  }

  /** A file was written. */
  readonly wrote = (entry: ZipEntry): void => {
    this.#written.push(entry);
    this.#match();
  };

  /** Notes the finished zip. Never fails: without a note the next version costs more. */
  async finish(hash: string, directory: ZipDirectory): Promise<void> {
    if (this.#count < WORTH_NOTING.files && directory.start < WORTH_NOTING.bytes) return;
    const record = this.#recorder.encode({ version: this.#version, hash, directory });
    if (record === undefined) return;
    await this.#notes.replace(noteOf(this.#module), record).catch(() => undefined);
  }

  close(): void {
    this.#earlier?.version.file.close();
    this.#earlier = undefined;
  }

  async #openEarlier(open: OpenEarlier): Promise<void> {
    const note = await this.#notes.read(noteOf(this.#module));
    const noted = note && NotedEntries.decode(note);
    if (noted === undefined) return;
    const version = await open(noted.zip.version);
    if (version === undefined) return;
    const zip = new EarlierZip(version.file);
    this.#earlier = { version, zip };
    // Another process may have stored another zip with the same content.
    const { start, size, sha256 } = noted.zip.directory;
    const hash = createHash('sha256');
    for await (const piece of zip.pieces(start, size)) hash.update(piece);
    if (version.hash === noted.zip.hash && hash.digest('hex') === sha256) this.#noted = noted;
  }

  #match(): void {
    while (this.#written.length > 0 && this.#sums.length > 0) {
      const [entry, sum] = [this.#written.shift(), this.#sums.shift()];
      this.#count += 1;
      if (entry !== undefined && sum?.id !== undefined) this.#recorder.add(sum.id, sum.sha256, entry);
    }
  }
}

/** One for each module: the next version is most like the one that was made last. */
function noteOf(module: string): string {
  return `entries of ${module}`;
}
