/**
 * Builder of real git repositories whose hashes are constants.
 *
 * Identity, dates and zone are fixed, the user's git configuration is out of reach, and contents are stored exactly as
 * given. So the same steps give the same commit hashes on every machine, and a test may write them down.
 *
 *     const r = await repo();
 *     const c = await r.at('2024-01-02T03:04:05Z').write({ 'go.mod': 'module example.com/x\n' }).commit('first');
 *     await r.tag('v1.0.0');
 *
 * `write`, `remove`, `symlink`, `mode` and `gitlink` are collected for the next `commit`. HEAD, the branch that
 * `git clone` checks out, is `main` and moves only by `head`; `checkout` chooses where the next commit goes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommitHash } from '../../../src/module/commit-hash.js';
import { askForMark, commitCommand, commitSeries, type FileChange } from './fast-import.js';
import { writeRawTree, type RawTreeEntry } from './raw-tree.js';
import { mustRun, type Env } from '../run.js';
import { removeTree, tempDir } from '../tmp.js';

export interface RepoOptions {
  objectFormat?: 'sha1' | 'sha256';
  /** `false` puts the repository into `DIR/.git`, without checking anything out. Default: bare. */
  bare?: boolean;
}

export interface TagOptions {
  /** An annotated tag; its tagger date is that of `at`. */
  annotated?: boolean;
  message?: string;
  /** What is tagged, any revision. Default: the last commit of the current branch. */
  at?: string;
  /** Moves a tag that exists. */
  force?: boolean;
}

export interface CommitOptions {
  /** Replaces the parent (the current branch's last commit); empty for a root commit. */
  parents?: readonly string[];
  /** The whole content as the hash of a tree (see `rawTree`), instead of the collected changes. */
  tree?: string;
}

export interface GitRepo {
  /** What was asked for: a bare repository, or the folder that holds `.git`. */
  readonly dir: string;
  /** The repository itself; equal to `dir` when bare. */
  readonly gitDir: string;
  /** Sets author and committer date of what follows; ISO 8601, the offset is kept as the commit's zone. */
  at(date: string): GitRepo;
  write(files: Record<string, string | Uint8Array>): GitRepo;
  remove(file: string): GitRepo;
  symlink(file: string, target: string): GitRepo;
  /** Changes the mode of a file written or committed before, for instance to `100755`. */
  mode(file: string, mode: string): GitRepo;
  /** A submodule entry; the commit it names need not exist. */
  gitlink(file: string, hash: string): GitRepo;
  /** Commits what was collected (an empty commit if nothing was). Answers the hash. */
  commit(message: string, options?: CommitOptions): Promise<CommitHash>;
  /** Merges a revision into the current branch; where both changed a file, theirs wins, then what was collected. */
  merge(rev: string, message?: string): Promise<CommitHash>;
  tag(name: string, options?: TagOptions): Promise<void>;
  /** Creates a branch without switching to it. */
  branch(name: string, at?: string): Promise<void>;
  /** The next commits go to this branch (or ref, if it begins with `refs/`), which need not exist yet. */
  checkout(name: string): GitRepo;
  /** Points HEAD at a branch, existing or not, or detached at a commit hash. */
  head(branchOrHash: string): Promise<void>;
  /** The hash of a revision; throws when there is none. */
  rev(rev: string): Promise<CommitHash>;
  /** New lightweight tags on a commit, all at once. */
  manyTags(names: readonly string[], at?: string): Promise<void>;
  /** That many commits on the current branch, a second apart, each changing the file `n`. Answers the last hash. */
  manyCommits(count: number): Promise<string>;
  /** A tree object, written unchecked and unsorted, for `commit(…, { tree })`. */
  rawTree(entries: readonly RawTreeEntry[]): Promise<string>;
  /** Feeds `git fast-import --force`. Answers its standard output. */
  fastImport(input: string | Uint8Array): Promise<string>;
  /** Any git command in this repository. Answers its standard output; throws when it fails. */
  git(...args: string[]): Promise<string>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const IDENTITY = 'Gopher <gopher@example.com>';

/** An empty repository in `dir`, or in a temporary directory. */
export async function repo(dir?: string, options: RepoOptions = {}): Promise<GitRepo> {
  const home = dir ?? path.join(await tempDir('repo'), 'repo.git');
  const bare = options.bare ?? true;
  const format = options.objectFormat ?? 'sha1';
  await mustRun('git', [
    'init',
    '--quiet',
    ...(bare ? ['--bare'] : []),
    '--initial-branch=main',
    `--object-format=${format}`,
    '--template=',
    home,
  ]);
  return builder(home, bare ? home : path.join(home, '.git'));
}

function builder(dir: string, gitDir: string): GitRepo {
  let date = gitDate('2024-01-01T00:00:00Z');
  let ref = 'refs/heads/main';
  let pending = new Map<string, FileChange>();

  const env = (): Env => ({
    GIT_AUTHOR_NAME: 'Gopher',
    GIT_AUTHOR_EMAIL: 'gopher@example.com',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: 'Gopher',
    GIT_COMMITTER_EMAIL: 'gopher@example.com',
    GIT_COMMITTER_DATE: date,
  });
  const git = async (args: string[], input?: string | Uint8Array): Promise<string> =>
    mustRun('git', ['--git-dir', gitDir, '-c', 'gc.auto=0', '-c', 'core.fsync=none', ...args], {
      env: env(),
      timeoutMs: 300_000,
      ...(input === undefined ? {} : { input }),
    });
  const parents = async (): Promise<string[]> =>
    words(await git(['for-each-ref', '--format=%(objectname)', ref]));
  const rev = async (name: string): Promise<CommitHash> =>
    commitHash(await git(['rev-parse', '--verify', '--end-of-options', name]));
  const fastImport = async (input: string | Uint8Array): Promise<string> =>
    git(['fast-import', '--quiet', '--force'], input);
  const stage = (change: FileChange): GitRepo => {
    pending.set(change.path, change);
    return self;
  };
  const commitFiles = async (
    message: string,
    from: readonly string[],
    changes: readonly FileChange[],
  ): Promise<CommitHash> => {
    const person = `${IDENTITY} ${date}`;
    const command = commitCommand({
      ref,
      author: person,
      committer: person,
      message,
      parents: from,
      changes,
    });
    pending = new Map();
    return commitHash(await fastImport(Buffer.concat([command, askForMark()])));
  };

  const self: GitRepo = {
    dir,
    gitDir,
    at: (iso) => {
      date = gitDate(iso);
      return self;
    },
    write: (files) => {
      for (const [file, content] of Object.entries(files)) {
        stage({ kind: 'inline', path: file, mode: '100644', data: Buffer.from(content) });
      }
      return self;
    },
    remove: (file) => stage({ kind: 'remove', path: file }),
    symlink: (file, target) =>
      stage({ kind: 'inline', path: file, mode: '120000', data: Buffer.from(target) }),
    gitlink: (file, hash) => stage({ kind: 'object', path: file, mode: '160000', hash }),
    mode: (file, mode) => {
      const change = pending.get(file);
      if (change?.kind === 'remove') throw new Error(`${file} was removed`);
      // An empty hash stands for the content the file has in the parent, known at the commit only.
      return stage(change ? { ...change, mode } : { kind: 'object', path: file, mode, hash: '' });
    },
    commit: async (message, options = {}) => {
      const from = options.parents ?? (await parents());
      if (options.tree !== undefined) {
        const args = ['commit-tree', '-m', message, ...from.flatMap((hash) => ['-p', hash]), options.tree];
        const hash = commitHash(await git(args));
        await git(['update-ref', ref, hash]);
        return hash;
      }
      const changes: FileChange[] = [];
      for (const change of pending.values()) {
        const known = change.kind === 'object' && change.hash === '';
        changes.push(known ? { ...change, hash: await rev(`${ref}:${change.path}`) } : change);
      }
      return commitFiles(message, from, changes);
    },
    merge: async (name, message = `Merge ${name}`) => {
      const theirs = await rev(`${name}^{commit}`);
      const ours = await rev(ref);
      const base = (await git(['merge-base', ours, theirs])).trim();
      const changes = treeDifference(await git(['diff-tree', '-r', '-z', '--no-renames', base, theirs]));
      return commitFiles(message, [ours, theirs], [...changes, ...pending.values()]);
    },
    tag: async (name, options = {}) => {
      const annotated = options.annotated === true || options.message !== undefined;
      const flags = [...(options.force === true ? ['--force'] : []), ...(annotated ? ['--annotate'] : [])];
      const message = annotated ? ['--message', options.message ?? name] : [];
      await git(['tag', ...flags, ...message, '--', name, options.at ?? ref]);
    },
    branch: async (name, at = ref) => {
      await git(['update-ref', `refs/heads/${name}`, await rev(`${at}^{commit}`)]);
    },
    checkout: (name) => {
      ref = name.startsWith('refs/') ? name : `refs/heads/${name}`;
      return self;
    },
    head: async (target) => {
      const detached = /^[0-9a-f]{40,64}$/.test(target);
      await git(
        detached
          ? ['update-ref', '--no-deref', 'HEAD', target]
          : ['symbolic-ref', 'HEAD', `refs/heads/${target}`],
      );
    },
    rev,
    manyTags: async (names, at = ref) => {
      const hash = await rev(at);
      await git(['pack-refs', '--all', '--prune']);
      const file = path.join(gitDir, 'packed-refs');
      await writeFile(file, withTags(await readFile(file, 'utf8'), names, hash));
    },
    manyCommits: async (count) => {
      const [seconds = '', zone = ''] = date.split(' ');
      const series = commitSeries(count, await parents(), (i, from) => {
        const person = `${IDENTITY} ${Number(seconds) + i} ${zone}`;
        const change: FileChange = {
          kind: 'inline',
          path: 'n',
          mode: '100644',
          data: Buffer.from(`${i}
`),
        };
        const message = `commit ${i}
`;
        return { ref, author: person, committer: person, message, parents: from, changes: [change] };
      });
      return (await fastImport(Buffer.concat([series, askForMark()]))).trim();
    },
    rawTree: async (entries) => writeRawTree(gitDir, entries),
    fastImport,
    git: async (...args) => git(args),
    stop: async () => {
      removeTree(dir);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: async () => self.stop(),
  };
  return self;
}

/** `2024-01-02T03:04:05+09:00` → `1704132245 +0900`. */
function gitDate(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) throw new Error(`not a date: ${iso}`);
  const zone = /([+-]\d\d):?(\d\d)$/.exec(iso.slice(10));
  return `${Math.floor(time / 1000)} ${zone === null ? '+0000' : `${zone[1] ?? ''}${zone[2] ?? ''}`}`;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The text of packed-refs with more tags in it: one `HASH NAME` a line, sorted by bytes, a peeled `^HASH` after. */
function withTags(packed: string, names: readonly string[], hash: string): string {
  const refs = packed.match(/^[0-9a-f]+ .*\n(\^.*\n)?/gm) ?? [];
  const all = [...refs, ...names.map((name) => `${hash} refs/tags/${name}\n`)].map((entry) =>
    Buffer.from(entry),
  );
  all.sort((a, b) => a.subarray(hash.length).compare(b.subarray(hash.length)));
  return `# pack-refs with: peeled fully-peeled sorted \n${Buffer.concat(all).toString()}`;
}

/** `git diff-tree -r -z`: pairs of `:MODE MODE HASH HASH STATUS` and path, NUL-terminated. */
function treeDifference(raw: string): FileChange[] {
  const fields = raw.split('\0');
  const changes: FileChange[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode = '', , hash = '', status] = (fields[i] ?? '').split(' ');
    const file = fields[i + 1] ?? '';
    changes.push(
      status === 'D' ? { kind: 'remove', path: file } : { kind: 'object', path: file, mode, hash },
    );
  }
  return changes;
}

/** What git printed as the name of one object. */
function commitHash(printed: string): CommitHash {
  return printed.trim() as CommitHash;
}
