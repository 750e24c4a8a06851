/**
 * One bare repository below `<cache.dir>/vcs`: a copy of something a git host has, which anybody may delete at any
 * time and which several processes may share.
 *
 * Two locks: inside the process a queue, between processes a lock directory that a dead process leaves to grow stale.
 * They guard writing (init, fetch); git lets readers go on meanwhile. A repository that git finds broken, for instance
 * after a kill in the middle of a fetch, is thrown away and made anew: it holds nothing of its own.
 */
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import type { SimpleGit } from 'simple-git';
import { localEnvironment } from './git-environment.js';
import { GitFailure, localGit, runGit } from './git-exec.js';

export type ObjectFormat = 'sha1' | 'sha256';

export interface GitObject {
  hash: string;
  type: string;
  content: Buffer;
}

export interface BareRepo {
  readonly dir: string;
  readonly env: Record<string, string>;
  /** For commands that print a little text. */
  git(): SimpleGit;
  /** The objects that `specs` (`HASH`, `HASH:path/of/file`) name, in their order; undefined where there is none. */
  objects(specs: readonly string[], maxOutput?: number): Promise<(GitObject | undefined)[]>;
  /** Runs `work` while no other process or caller writes; the repository exists then. */
  write<T>(format: ObjectFormat, work: () => Promise<T>): Promise<T>;
  /** Removes the repository. */
  discard(): Promise<void>;
}

/** Attributes that make `git archive` independent of the host's wishes, as the go command sets them. */
const ATTRIBUTES = '\n* -export-subst -export-ignore\n';

/** Waiting for another process: about as long as the longest git operation. */
const LOCK_RETRIES = { retries: 600, factor: 1.2, minTimeout: 50, maxTimeout: 500 };

/** The repository in `dir`; nothing is touched before the first use. `timeoutMs` bounds each local command. */
export function bareRepo(dir: string, env: NodeJS.ProcessEnv, timeoutMs: number): BareRepo {
  const localEnv = localEnvironment(dir, env);
  let queue: Promise<unknown> = Promise.resolve();

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(dirname(dir), { recursive: true });
    // A stalled event loop must not lose the lock: others wait 30 s before they call it stale.
    const release = await lock(dir, { realpath: false, stale: 30_000, update: 5_000, retries: LOCK_RETRIES });
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

    async objects(specs, maxOutput) {
      if (!(await exists(dir))) return specs.map(() => undefined);
      const input = specs.map((spec) => `${spec}\n`).join('');
      const args = ['cat-file', '--batch'];
      return parseObjects(
        await runGit({ args, cwd: dir, env: localEnv, timeoutMs, input, maxOutput }),
        specs.length,
      );
    },

    write(format, work) {
      const turn = queue.then(() =>
        locked(async () => {
          if (!(await exists(join(dir, 'info', 'attributes')))) await init(dir, format, localEnv, timeoutMs);
          return work();
        }),
      );
      queue = turn.catch(() => undefined);
      return turn;
    },

    async discard() {
      const away = `${dir}.discarded-${process.pid}-${Date.now()}`;
      await rename(dir, away).catch(() => undefined);
      await rm(away, { recursive: true, force: true });
    },
  };
}

/** Whether a failure says that the repository itself is broken or half-made, so that a new one would help. */
export function isBroken(error: unknown): boolean {
  return (
    error instanceof GitFailure &&
    /not a git repository|\.lock': File exists|is corrupt|object file .* is empty|bad object|unable to read|invalid index-pack|Could not read [0-9a-f]{40}|ENOENT|No such file or directory/.test(
      error.stderr,
    ) &&
    !/Identity file|known_hosts|Load key/.test(error.stderr)
  );
}

/** Number of packs; many small fetches leave many. */
export async function packCount(repo: BareRepo): Promise<number> {
  const names = await readdir(join(repo.dir, 'objects', 'pack')).catch(() => []);
  return names.filter((name) => name.endsWith('.pack')).length;
}

async function init(
  dir: string,
  format: ObjectFormat,
  env: Record<string, string>,
  timeoutMs: number,
): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  const outside = Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'GIT_DIR'));
  const args = ['init', '--quiet', '--bare', `--object-format=${format}`, '--template=', '--', dir];
  await runGit({ args, cwd: dirname(dir), env: outside, timeoutMs });
  await mkdir(join(dir, 'info'), { recursive: true });
  // Last, because its presence says that the repository is complete.
  await writeFile(join(dir, 'info', 'attributes'), ATTRIBUTES);
}

function parseObjects(output: Buffer, count: number): (GitObject | undefined)[] {
  const objects: (GitObject | undefined)[] = [];
  let at = 0;
  while (objects.length < count) {
    const end = output.indexOf(0x0a, at);
    if (end < 0) throw new Error('git cat-file printed less than was asked');
    const header = output.toString('latin1', at, end);
    at = end + 1;
    const match = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(header);
    if (match === null) {
      objects.push(undefined); // "… missing", "… ambiguous"
      continue;
    }
    const [, hash = '', type = '', size = ''] = match;
    objects.push({ hash, type, content: output.subarray(at, at + Number(size)) });
    at += Number(size) + 1;
  }
  return objects;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
