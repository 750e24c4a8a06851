/**
 * What the rest of the program knows about version control.
 *
 * The shape is that of `cmd/go/internal/modfetch/codehost`: a repository knows revisions and files and nothing about
 * modules; `modfetch/code-module.ts` turns the first into the second. One difference: a `CodeRepo` here is a repository
 * *at one moment*, with the refs its host listed then, so that one answer is computed from one state of the host.
 */
import type { Readable } from 'node:stream';
import type { ModhavenError } from '../errors.js';
import type { CommitHash } from '../module/commit-hash.js';
import type { Origin } from '../module/origin.js';
import type { RepoUrl } from '../module/repo-url.js';
import type { Tag } from './objects/refs.js';
import type { ObjectHash } from './names/object-name.js';
import type { TreeEntry } from './objects/tree-object.js';

/** One commit, as a query found it. */
export interface Revision {
  /** Full commit hash: 40 hex digits, 64 in SHA-256 repositories. */
  hash: CommitHash;
  /** First 12 digits, as pseudo-versions use them. */
  short: string;
  /** Committer time. */
  time: Date;
  /** The tag asked for, if the query was a tag; else the hash. */
  name: string;
  /** All tags on the commit, sorted. */
  tags: readonly string[];
  origin: Origin;
}

export type { Tag } from './objects/refs.js';

export type { TreeEntry } from './objects/tree-object.js';

/** The id of a blob, in hex. */
export type BlobId = ObjectHash;

/** Which of the spellings of one repository an address is. */
export interface Spelling {
  /** The address by which the repository was opened first. */
  readonly first: string;
  /** How many other spellings were opened before this one, 0 for the first; the one with the fewest capital letters is the second at most. */
  readonly number: number;
}

/** A repository at one moment. Absence is thrown as VERSION_NOT_FOUND; an outage as one of the HOST_ codes. */
export interface CodeRepo {
  /** The address people and `Origin` see. */
  readonly url: string;
  /** Which of the spellings of its address this is. */
  readonly spelling: Spelling;
  /** Name of the default branch; undefined where there is none. */
  readonly defaultBranch: string | undefined;
  /** When the host was asked for these refs, in milliseconds since 1970. */
  readonly asOf: number;
  /**
   * Fetches `commit`, which `stat` returned once, unless it is there: also where no ref leads to it any more, as long as
   * the host still has it and the mirror remembers it.
   */
  ensureCommit(commit: CommitHash): Promise<void>;
  /** Tags whose name begins with `prefix`, sorted, with the sum that goes into an Origin. */
  tags(prefix: string): { readonly list: readonly Tag[]; readonly origin: Origin };
  /** Resolves a tag, branch, `HEAD` or hash of at least 7 digits, in this order. */
  stat(revision: string): Promise<Revision>;
  /** The head of the default branch. */
  latest(): Promise<Revision>;
  /** Raw blob at `path` of a commit that `stat` returned; undefined if there is none. A link's blob is its target. */
  readFile(commit: CommitHash, path: string): Promise<Buffer | undefined>;
  /** The highest tag, by semver without `prefix`, on `commit` or an ancestor, among the allowed ones. */
  recentTag(
    commit: CommitHash,
    prefix: string,
    allowed: (tag: string) => Promise<boolean>,
  ): Promise<string | undefined>;
  /** Whether `commit` is the tagged commit or descends from it. */
  descendsFrom(commit: CommitHash, tag: Tag): Promise<boolean>;
  /** Everything below `directory` ('' = all of it). */
  listFiles(commit: CommitHash, directory: string): Promise<TreeListing>;
  /**
   * The regular files below `directory` with their paths from the root, as they are in the commit; undefined unless all of
   * them are in memory. Where no `.gitattributes` applies, an archive would hold the same.
   */
  readLocalFiles(commit: CommitHash, directory: string): { path: string; content: Buffer }[] | undefined;
  /**
   * What `git archive` makes of `path` ('' = everything): a tar stream with line endings and attributes applied as
   * the go command has them applied. Paths in it begin at the repository root. `unchanged` says that no `.gitattributes`
   * applies: then memory stays flat whatever the size of a file. Of several paths each is a file.
   */
  archive(commit: CommitHash, path: string | readonly string[], unchanged?: boolean): Readable;
  /** The content of blobs of a commit, by their ids; undefined where one is missing, or they are larger than `maxBytes`. */
  readBlobs(commit: CommitHash, ids: readonly BlobId[], maxBytes: number): Promise<Buffer[] | undefined>;
  /** Notes that go with the local copy of the repository; absent where none can be kept. */
  readonly notes?: RepoNotes | undefined;
}

/** Small files by name, of use as long as there is a local copy of a repository. */
export interface RepoNotes {
  /** Undefined if there is none, or none that can be read. */
  read(name: string): Promise<Buffer | undefined>;
  /** A reader sees all of it, or what was there before. A power failure may damage it. */
  replace(name: string, content: Buffer): Promise<void>;
}

/**
 * The files, links and submodules below a directory in git's order, some hundred at a time. It may be read any number of
 * times, and others get their turn meanwhile: there may be two million of them.
 */
export type TreeListing = AsyncIterable<readonly TreeEntry[]>;

/** What a caller that opens a repository will ask it for: files of every kind (a zip), or a few small ones (`go.mod`). */
export type Need = 'files' | 'trees';

/** All repositories. */
export interface CodeHost {
  /**
   * The repository with refs at most `maxAgeMs` old; 0 asks the host. Requests that wait for the same refs share
   * one question to the host. `need` (default `trees`) says what is worth fetching along with a commit; the answers are
   * the same.
   */
  open(remote: RepoUrl, maxAgeMs: number, need?: Need): Promise<CodeRepo>;
  /**
   * Asks for refs now, or shares a question that began after this call. From the call on no reader is given older refs;
   * if the host fails, the next reader asks it again.
   */
  refresh(remote: RepoUrl): Promise<void>;
  /** The remotes that could not be read the last time they were asked. */
  problems(): HostProblem[];
}

export interface HostProblem {
  url: string;
  /** Milliseconds since 1970. */
  at: number;
  error: ModhavenError;
}
