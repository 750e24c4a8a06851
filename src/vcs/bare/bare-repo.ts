/**
 * One bare repository below `<cache.dir>/vcs`: a copy of something a git host has, which may be deleted at any
 * time and which several processes may share.
 *
 * A lock guards writing (init, fetch); git lets readers go on meanwhile. A repository that git finds broken, for
 * instance after a kill in the middle of a fetch, is thrown away and made anew: it holds nothing of its own.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskReady } from '../../fs/disk-watch.js';
import { processTag } from '../../fs/process-tag.js';
import { git, type GitWord } from '../names/git-words.js';
import type { ObjectHash, ObjectSpec } from '../names/object-name.js';
import { findHeld, hold, listHeld, type HeldFile } from '../objects/held-objects.js';
import type { ObjectFormat } from '../objects/object-format.js';
import { readObjects, type GitObject } from '../objects/object-reader.js';
import { isAbsent, storeSmallPack } from '../objects/pack-files.js';
import { completePack, ThinPack, type PackedObject } from '../objects/small-pack.js';
import { localEnvironment, type Environment } from '../transport/git-environment.js';
import { runGit } from '../transport/git-exec.js';
import { writeCommitRefs } from './commit-refs.js';
import {
  completionMark,
  initRepo,
  meanObjectBytes,
  packCount,
  readerOf,
  removeLeftovers,
} from './repo-files.js';
import { RepoLock, type WriteRight } from './repo-lock.js';

export type { GitObject } from '../objects/object-reader.js';

/** Bytes of objects that are held in memory for one question, unless the caller says otherwise. */
const MAX_OBJECTS_BYTES = 64 * 1024 * 1024;

/** Bytes of objects that are read before they are asked for. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;

/** After so many packs they are combined. */
const MAX_PACKS = 50;

export interface BareRepoOptions {
  dir: string;
  env: NodeJS.ProcessEnv;
  /** Bounds each local command. */
  timeoutMs: number;
  /** Whether it lacks objects on purpose, because the host was asked for some only. */
  filtered?: boolean;
}

export class BareRepo {
  readonly dir: string;
  /** The environment of a child that reads it. */
  readonly env: Environment;
  /** Whether it lacks objects on purpose. */
  readonly filtered: boolean;
  readonly #timeoutMs: number;
  readonly #lock: RepoLock;
  /** As of the last look at the disk; '' where there was no complete repository. */
  #identity: string | undefined;
  /** As of the last `write`. */
  #format: ObjectFormat = 'sha1';
  #lease: WriteRight | undefined;

  /** The repository in `dir`; nothing is touched before the first use. */
  constructor({ dir, env, timeoutMs, filtered = false }: BareRepoOptions) {
    this.dir = dir;
    this.env = filtered
      ? { ...localEnvironment(readerOf(dir), env), GIT_OBJECT_DIRECTORY: join(dir, 'objects') }
      : localEnvironment(dir, env);
    this.#timeoutMs = timeoutMs;
    this.filtered = filtered;
    this.#lock = new RepoLock(dir);
  }

  /** What a git command that only reads prints. Throws `GitFailure`. */
  async text(args: readonly GitWord[]): Promise<string> {
    const output = await runGit({ args, cwd: this.dir, env: this.env, timeoutMs: this.#timeoutMs });
    return output.toString('utf8');
  }

  /** The objects that `specs` (`HASH`, `HASH:path/of/file`) name, in their order; undefined where there is none. */
  async objects(
    specs: readonly ObjectSpec[],
    maxOutput = MAX_OBJECTS_BYTES,
  ): Promise<(GitObject | undefined)[]> {
    await diskReady(this.dir);
    const identity = this.#look();
    const held = findHeld(this.#heldAs(), specs);
    if (held !== undefined) return held;
    if ((identity === '' && !existsSync(this.dir)) || isAbsent(this.dir, specs)) {
      return specs.map(() => undefined);
    }
    const { dir, env } = this;
    return readObjects({ dir, identity, env, specs, timeoutMs: this.#timeoutMs, maxOutput });
  }

  /**
   * The object `hash` where it came in just now, without a look at the disk: what a hash stands for never changes, whether
   * the repository is still there or not.
   */
  held(hash: ObjectHash): GitObject | undefined {
    return findHeld(this.#heldAs(), [hash])?.[0];
  }

  /** Holds what `specs` name in memory, for questions that are about to come. Never fails: it can be read later. */
  async readAhead(specs: readonly ObjectSpec[]): Promise<void> {
    const none = (): (GitObject | undefined)[] => [];
    const objects = await this.objects(specs, MAX_AHEAD_BYTES).catch(none);
    hold(
      this.#heldAs(),
      objects.flatMap((object) => object ?? []),
    );
  }

  /** All files of `commit` below the directory `path` ('' = the root), where they came in just now; else undefined. */
  heldFiles(commit: ObjectHash, path: string): HeldFile[] | undefined {
    return listHeld(this.#heldAs(), commit, path);
  }

  /** How many bytes an object takes in the packs, on average; 0 where there is none. */
  meanObjectBytes(): Promise<number> {
    return meanObjectBytes(this.dir);
  }

  /**
   * Runs `work` while no other process or caller writes; the repository exists then. `work` may run twice: again when
   * this process was stopped for so long that another one took over the lock.
   */
  async write<T>(format: ObjectFormat, work: () => Promise<T>): Promise<T> {
    await diskReady(this.dir);
    makeParent(this.dir);
    return this.#lock.run(async (lease) => {
      this.#format = format;
      this.#lease = lease;
      if (this.#look() === '') {
        await initRepo(this.dir, format, this.filtered);
        this.#look();
      } else {
        await removeLeftovers(this.dir);
      }
      return work();
    });
  }

  /** Ends git children that write, inside of `write`, when the lock is lost. */
  get writeSignal(): AbortSignal | undefined {
    return this.#lease?.signal;
  }

  /**
   * Adds a pack, inside of `write`; `partial` says that what some of it refers to is missing on purpose.
   * Throws `NotSmall` where this is for git to do.
   */
  async addSmallPack(pack: Buffer, partial: boolean): Promise<void> {
    await diskReady(this.dir);
    const format = this.#format;
    const store = (bytes: Buffer) => {
      this.#lease?.assertHeld();
      return storeSmallPack(this.dir, bytes, { format, partial });
    };
    let stored: PackedObject[];
    try {
      stored = store(pack);
    } catch (error) {
      if (!(error instanceof ThinPack)) throw error;
      const bases = (await this.objects(error.bases)).filter((base) => base !== undefined);
      if (bases.length < error.bases.length) throw error;
      stored = store(completePack(pack, bases, format));
    }
    hold(this.#heldAs(), stored);
  }

  /** Notes, inside of `write`, that `commits` are here, and that those of `cut` are without their parents. */
  recordCommits(commits: readonly ObjectHash[], cut: readonly ObjectHash[]): void {
    this.#lease?.assertHeld();
    writeCommitRefs(this.dir, commits, cut);
  }

  /** Combines packs when there are many, inside of `write`; `flags` say how. Never fails: it can wait. */
  async repack(flags: readonly GitWord[]): Promise<void> {
    if ((await packCount(this.dir)) <= MAX_PACKS) return;
    const args = git`repack -d -q ${flags}`;
    const { dir, env, writeSignal: signal } = this;
    await runGit({ args, cwd: dir, env, timeoutMs: this.#timeoutMs, signal }).catch(() => undefined);
  }

  /** Puts all refs into one file, inside of `write`. Throws `GitFailure`. */
  async packRefs(): Promise<void> {
    const { dir, env, writeSignal: signal } = this;
    await runGit({ args: git`pack-refs --all`, cwd: dir, env, timeoutMs: this.#timeoutMs, signal });
  }

  /** How objects are named in it, as of the last `write`. */
  get format(): ObjectFormat {
    return this.#format;
  }

  /** Tells this repository from one made anew in its place. */
  identity(): string {
    return this.#identity ?? this.#look();
  }

  /** Removes the repository, unless it is no longer the one that had this identity. */
  discard(identity: string): Promise<void> {
    return this.#lock.run(async () => {
      const now = this.#look();
      if (now !== identity && now !== '') return; // another caller was faster
      this.#identity = undefined;
      const away = `${this.dir}.discarded-${processTag()}-${Date.now()}`;
      await rename(this.dir, away).catch(() => undefined);
      await rm(away, { recursive: true, force: true });
    });
  }

  /** Synchronous: it happens before each question, and by way of a thread it takes ten times as long. */
  #look(): string {
    try {
      const { ino, mtimeMs } = statSync(completionMark(this.dir));
      this.#identity = `${ino} ${mtimeMs}`;
    } catch {
      this.#identity = '';
    }
    return this.#identity;
  }

  /** Tells what is held in memory of this repository from what is held of all others, and of ones before it here. */
  #heldAs(): string {
    return `${this.dir} ${this.#identity ?? ''}`;
  }
}

/** Makes the folder of a new mirror for its lock. Where that cannot be done, the lock says why. */
function makeParent(dir: string): void {
  const parent = dirname(dir);
  if (existsSync(parent)) return;
  try {
    mkdirSync(parent);
  } catch {
    // More is missing, or another process was faster.
  }
}

/** Whether an object is a commit. */
export function isCommit(object: GitObject | undefined): boolean {
  return object?.type === 'commit';
}

/** Whether `commit` is in `repo`, as a commit. */
export async function holds(repo: BareRepo, commit: ObjectHash): Promise<boolean> {
  return isCommit((await repo.objects([commit]))[0]);
}
