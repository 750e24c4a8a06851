/**
 * One bare repository below `<cache.dir>/vcs`: a copy of something a git host has, which anybody may delete at any
 * time and which several processes may share.
 *
 * Two locks: inside the process a queue, between processes a lock directory that a dead process leaves to grow stale.
 * They guard writing (init, fetch); git lets readers go on meanwhile. A repository that git finds broken, for instance
 * after a kill in the middle of a fetch, is thrown away and made anew: it holds nothing of its own.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import type { SimpleGit } from 'simple-git';
import { isModhavenError } from '../../errors.js';
import { localEnvironment } from '../transport/git-environment.js';
import { findHeld, hold, listHeld, type HeldFile } from '../objects/held-objects.js';
import { GitFailure, localGit, runGit } from '../transport/git-exec.js';
import type { ObjectFormat } from '../objects/object-format.js';
import { readObjects, type GitObject } from '../objects/object-reader.js';
import { isAbsent, storeSmallPack } from '../objects/pack-files.js';
import { completePack, ThinPack } from '../objects/small-pack.js';
import { ownLines } from './disk-errors.js';

export type { GitObject } from '../objects/object-reader.js';

export interface BareRepo {
  readonly dir: string;
  readonly env: Record<string, string>;
  /** For commands that print a little text. */
  git(): SimpleGit;
  /** The objects that `specs` (`HASH`, `HASH:path/of/file`) name, in their order; undefined where there is none. */
  objects(specs: readonly string[], maxOutput?: number): Promise<(GitObject | undefined)[]>;
  /** Runs `work` while no other process or caller writes; the repository exists then. */
  write<T>(format: ObjectFormat, work: () => Promise<T>): Promise<T>;
  /**
   * Adds a pack, inside of `write`; `partial` says that what some of it refers to is missing on purpose.
   * Throws `NotSmall` where this is for git to do.
   */
  addSmallPack(pack: Buffer, partial: boolean): Promise<void>;
  /** All files of `commit` below the directory `path` ('' = the root), where they came in just now; else undefined. */
  heldFiles(commit: string, path: string): HeldFile[] | undefined;
  /** How many bytes an object takes in the packs, on average; 0 where there is none. */
  meanObjectBytes(): Promise<number>;
  /** Combines packs when there are many, inside of `write`; `flags` say how. Never fails: it can wait. */
  repack(flags: readonly string[]): Promise<void>;
  /** Tells this repository from one made anew in its place. */
  identity(): string;
  /** Removes the repository, unless it is no longer the one that had this identity. */
  discard(identity: string): Promise<void>;
}

/** Attributes that make `git archive` independent of the host's wishes, as the go command sets them. */
const ATTRIBUTES = '\n* -export-subst -export-ignore\n';

/** Bytes of objects that are held in memory for one question, unless the caller says otherwise. */
const MAX_OBJECTS = 64 * 1024 * 1024;

/** After so many packs they are combined. */
const MAX_PACKS = 50;

/** Waiting for another process: about as long as the longest git operation. */
const LOCK_RETRIES = { retries: 600, factor: 1.2, minTimeout: 50, maxTimeout: 500 };

export interface BareRepoOptions {
  dir: string;
  env: NodeJS.ProcessEnv;
  /** Bounds each local command. */
  timeoutMs: number;
  /** Whether it lacks objects on purpose, because the host was asked for some only. */
  filtered?: boolean;
}

/** The repository in `dir`; nothing is touched before the first use. */
export function bareRepo({ dir, env, timeoutMs, filtered = false }: BareRepoOptions): BareRepo {
  const localEnv = filtered
    ? { ...localEnvironment(readerOf(dir), env), GIT_OBJECT_DIRECTORY: join(dir, 'objects') }
    : localEnvironment(dir, env);
  let queue: Promise<unknown> = Promise.resolve();

  const complete = join(dir, 'info', 'attributes');

  /** As of the last look at the disk. */
  let known: string | undefined;
  /** As of the last `write`. */
  let writing: ObjectFormat = 'sha1';

  /** At once: it happens before each question, and by way of a thread it takes ten times as long. */
  function look(): string {
    try {
      const { ino, mtimeMs } = statSync(complete);
      known = `${ino} ${mtimeMs}`;
    } catch {
      known = '';
    }
    return known;
  }

  /** Tells what is held in memory of this repository from what is held of all others, and of ones before it here. */
  const heldAs = () => `${dir} ${known ?? ''}`;

  /** One after the other, in this process and among all. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(() => locked(work));
    queue = turn.catch(() => undefined);
    return turn;
  }

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    if (look() === '') await mkdir(dirname(dir), { recursive: true });
    const release = await lock(dir, {
      realpath: false,
      // Long enough that a stalled event loop does not lose the lock, short enough that the first request after a
      // kill does not notice.
      stale: 10_000,
      update: 2_000,
      retries: LOCK_RETRIES,
      // Somebody deleted the directory with the lock. By default that is thrown where nobody can catch it.
      onCompromised: () => undefined,
    });
    try {
      return await work();
    } finally {
      await release().catch(() => undefined); // removed by a hand from outside: then there is nothing to release
    }
  }

  return {
    dir,
    env: localEnv,
    git: () => localGit(dir, localEnv, timeoutMs),

    async objects(specs, maxOutput = MAX_OBJECTS) {
      const seen = look();
      const held = findHeld(heldAs(), specs);
      if (held !== undefined) return held;
      if (seen === '' && !existsSync(dir)) return specs.map(() => undefined);
      if (isAbsent(dir, specs)) return specs.map(() => undefined);
      return readObjects({ dir, identity: seen, env: localEnv, specs, timeoutMs, maxOutput });
    },

    write: (format, work) =>
      inTurn(async () => {
        writing = format;
        if (look() === '') {
          await init(dir, format, filtered);
          look();
        } else await removeLeftovers(dir);
        return work();
      }),

    async addSmallPack(pack, partial) {
      const format = writing;
      const store = (bytes: Buffer) => storeSmallPack(dir, bytes, { format, partial });
      const stored = await store(pack).catch(async (error: unknown) => {
        if (!(error instanceof ThinPack)) throw error;
        const bases = (await this.objects(error.bases)).filter((base) => base !== undefined);
        if (bases.length < error.bases.length) throw error;
        return store(completePack(pack, bases, format));
      });
      hold(heldAs(), stored);
    },

    heldFiles: (commit, path) => listHeld(heldAs(), commit, path),

    meanObjectBytes: () => meanObjectBytes(dir),

    async repack(flags) {
      if ((await packCount(dir)) <= MAX_PACKS) return;
      const args = ['repack', '-d', '-q', ...flags];
      await runGit({ args, cwd: dir, env: localEnv, timeoutMs }).catch(() => undefined);
    },

    identity: () => known ?? look(),

    discard: (seen) =>
      inTurn(async () => {
        const now = look();
        if (now !== seen && now !== '') return; // somebody else was faster
        known = undefined;
        const away = `${dir}.discarded-${process.pid}-${Date.now()}`;
        await rename(dir, away).catch(() => undefined);
        await rm(away, { recursive: true, force: true });
      }),
  };
}

/**
 * Whether a failure says that the repository in `dir` is broken or half-made, so that a new one would help. What the
 * host or ssh say of their own files is not about it.
 */
export function isBroken(error: unknown, dir: string): boolean {
  const failure = isModhavenError(error) ? error.cause : error;
  if (!(failure instanceof GitFailure) || failure.timedOut) return false;
  return ownLines(failure.stderr).some(
    (line) => BROKEN_OBJECTS.test(line) || (line.includes(dir) && BROKEN_FILES.test(line)),
  );
}

const BROKEN_OBJECTS =
  /is corrupt|object file .* is empty|bad object|missing object|missing blob|unable to read (?:tree|sha1|[0-9a-f]{40})|[Cc]ould not read [0-9a-f]{40}|does not match index|invalid object [0-9]+ [0-9a-f]{40}|cannot read '[0-9a-f]{40}|not a tree object|inflate: data stream error|mismatched algorithms|did not send all necessary objects|invalid index-pack/;
const BROKEN_FILES =
  /not a git repository|\.lock': File exists|No such file or directory|is too small|not a GIT packfile|bad config|pack-[0-9a-f]+\.(?:pack|idx)/;

/** From the sizes of files alone: an index takes 28 bytes for an object with a hash of 20 (gitformat-pack(5)). */
async function meanObjectBytes(dir: string): Promise<number> {
  const packs = join(dir, 'objects', 'pack');
  const names = await readdir(packs).catch(() => []);
  const total = { pack: 0, idx: 0 };
  for (const name of names) {
    const kind = /\.(pack|idx)$/.exec(name)?.[1] as keyof typeof total | undefined;
    if (kind === undefined) continue;
    const size = (await stat(join(packs, name)).catch(() => undefined))?.size ?? 0;
    total[kind] += kind === 'idx' ? Math.max(0, size - EMPTY_INDEX) : size;
  }
  return total.idx === 0 ? 0 : (total.pack / total.idx) * INDEXED;
}

const EMPTY_INDEX = 1072;
const INDEXED = 28;

async function packCount(dir: string): Promise<number> {
  const names = await readdir(join(dir, 'objects', 'pack')).catch(() => []);
  return names.filter((name) => name.endsWith('.pack')).length;
}

/**
 * What killed git processes left behind: packs received in part, which can be large, and lock files, which would make
 * every later fetch fail. Only whoever writes may remove them: they are in use by nobody else then.
 */
async function removeLeftovers(dir: string): Promise<void> {
  const packs = join(dir, 'objects', 'pack');
  const [top, inPacks] = await Promise.all([dir, packs].map((path) => readdir(path).catch(() => [])));
  const left = [
    ...(top ?? []).filter((name) => name.endsWith('.lock')).map((name) => join(dir, name)),
    ...(inPacks ?? []).filter((name) => /^\.?tmp[_-]/.test(name)).map((name) => join(packs, name)),
  ];
  await Promise.all(left.map((path) => rm(path, { force: true })));
}

/**
 * What `git init --bare` makes (gitrepository-layout(5), and `extensions.objectFormat` in git-config(1)), without a
 * process.
 */
async function init(dir: string, format: ObjectFormat, filtered: boolean): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(join(dir, 'objects', 'pack'), { recursive: true });
  await Promise.all([mkdir(join(dir, 'info')), writeSkeleton(dir, format)]);
  if (filtered) await writeSkeleton(readerOf(dir), format);
  // Last, because its presence says that the repository is complete.
  await writeFile(join(dir, 'info', 'attributes'), ATTRIBUTES);
}

/** The files that make a directory with `objects` a repository. */
async function writeSkeleton(dir: string, format: ObjectFormat): Promise<void> {
  await mkdir(join(dir, 'refs'), { recursive: true });
  const version = format === 'sha1' ? 0 : 1;
  const extensions = format === 'sha1' ? '' : `[extensions]\n\tobjectformat = ${format}\n`;
  const config = `[core]\n\trepositoryformatversion = ${version}\n\tfilemode = true\n\tbare = true\n${extensions}`;
  await Promise.all([
    writeFile(join(dir, 'config'), config),
    writeFile(join(dir, 'HEAD'), 'ref: refs/heads/main\n'),
  ]);
}

/**
 * The directory through which a filtered repository is read. git writes into the configuration of one that what is
 * missing can be fetched from the host, and before 2.45 no variable keeps it from trying.
 */
function readerOf(dir: string): string {
  return join(dir, 'reader');
}
