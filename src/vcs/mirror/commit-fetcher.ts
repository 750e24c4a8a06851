/**
 * The ways to fetch commits into one repository of a mirror, inside of its `write`: by hash or by name, without files, with
 * the commits of other tags, single files, or everything. Which way is taken, and into which repository, is `Mirror`'s to say.
 */
import { isModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { holds, type BareRepo } from '../bare/bare-repo.js';
import { isBroken } from '../bare/broken-repo.js';
import { referencedCommits, shallowCommits } from '../bare/commit-refs.js';
import { git, lines, type GitWord } from '../names/git-words.js';
import type { ObjectHash } from '../names/object-name.js';
import { commitRef, HEAD, type RefName } from '../names/ref-name.js';
import type { Refs } from '../objects/refs.js';
import { GitFailure } from '../transport/git-exec.js';
import type { GitFetchOptions, RemoteSession } from '../remote/remote-session.js';
import { infoObjects, missingGoMods, tagDirectories, TagsAhead } from './tags-ahead.js';

/** What a host sent that was asked for a commit without its files. */
export type Filtered = 'trees' | 'everything' | 'nothing';

export class CommitFetcher {
  readonly #remote: RepoUrl;
  readonly #session: RemoteSession;
  /** Whether the host is known to refuse commits by their hash. */
  #onlyByName = false;
  readonly #ahead = new TagsAhead();
  /** The commits that callers wait for, by repository; one for each caller. */
  readonly #waiting = new Map<BareRepo, ObjectHash[]>();

  constructor(remote: RepoUrl, session: RemoteSession) {
    this.#remote = remote;
    this.#session = session;
  }

  /** Fetches one commit by its hash where the host allows it, which saves the question for refs; else by a name for it. */
  async byHashOrName(
    repo: BareRepo,
    commit: ObjectHash,
    ref: RefName | undefined,
    { anew = false, onWarnings }: { anew?: boolean; onWarnings?: GitFetchOptions['onWarnings'] } = {},
  ): Promise<void> {
    const withoutFiles = repo.filtered;
    if (await this.#session.fetchWithoutGit(repo, { commit, withoutFiles, anew })) return;
    const { bundle } = this.#remote;
    // A bundle cannot be cut at a depth.
    const flags = git`${bundle ? [] : git`--depth=1`} ${withoutFiles ? WITHOUT_FILES : []}`;
    const options = { ...(anew ? NOTHING_HERE : {}), ...(onWarnings && { onWarnings }) };
    const target = commitRef(commit);
    const byName = ref !== undefined && (this.#onlyByName || bundle);
    try {
      await this.#session.fetch(repo, flags, git`${byName ? ref : commit}:${target}`, options);
    } catch (error) {
      if (byName || ref === undefined || !isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
      await this.#session.fetch(repo, flags, git`${ref}:${target}`, options);
      this.#onlyByName = true;
    }
  }

  /** Fetches `commit` without its files into `trees`, and says what the host sent. */
  async filtered(
    trees: BareRepo,
    refs: Refs,
    commit: ObjectHash,
    ref: RefName | undefined,
  ): Promise<Filtered> {
    if ((await holds(trees, commit)) || (await this.withOthers(trees, refs, commit))) return 'trees';
    let warnings = '';
    const onWarnings = (stderr: string) => {
      warnings += stderr;
    };
    try {
      await this.byHashOrName(trees, commit, ref, { onWarnings }).catch((error: unknown) => {
        if (!isLeftOut(error)) throw error;
        return this.byHashOrName(trees, commit, ref, { anew: true, onWarnings });
      });
    } catch (error) {
      if (!mayHelpToAskForAll(error) || isBroken(error, trees.dir)) throw error;
      return 'nothing';
    }
    await trees.repack(git`-a`);
    return warnings.includes(IGNORES_FILTERS) ? 'everything' : 'trees';
  }

  /** Runs `work`, which waits until `commit` can be fetched into `repo`: a fetch that starts before takes the commit along. */
  async waiting<T>(repo: BareRepo, commit: ObjectHash, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(repo) ?? [];
    this.#waiting.set(repo, waiting);
    waiting.push(commit);
    try {
      return await work();
    } finally {
      waiting.splice(waiting.indexOf(commit), 1);
      if (waiting.length === 0) this.#waiting.delete(repo);
    }
  }

  /**
   * Fetches `commit` and with it those that others wait for, and those of other tags where a client seems to ask for all of
   * them; false where there are none, or the host does not send all of them.
   */
  async withOthers(repo: BareRepo, refs: Refs, commit: ObjectHash): Promise<boolean> {
    if (!/^https?$/.test(this.#remote.scheme)) return false;
    try {
      return await this.#withOthers(repo, refs, commit);
    } catch (error) {
      // One of the others may be gone: only the caller that waits for it is to be told.
      if (isModhavenError(error, 'VERSION_NOT_FOUND')) return false;
      throw error;
    }
  }

  async #withOthers(repo: BareRepo, refs: Refs, commit: ObjectHash): Promise<boolean> {
    const others = this.#othersWaiting(repo, commit);
    const ahead = this.#ahead.alongWith(repo, [commit, ...others], refs);
    const along = [...new Set([...others, ...ahead])];
    if (along.length === 0) return false;
    const withoutFiles = repo.filtered;
    const wanted = { commit, along, withoutFiles, anew: false, atMost: AHEAD_BYTES };
    if (!(await this.#session.fetchWithoutGit(repo, wanted))) {
      if (ahead.length > 0) this.#ahead.gaveUp(refs);
      return false;
    }
    for (const directory of tagDirectories(refs, commit)) {
      if (withoutFiles) {
        const files = await missingGoMods(repo, [commit, ...along], directory);
        if (files.length > 0) await this.#session.fetchWithoutGit(repo, { files, withoutFiles });
      }
      if (ahead.length > 0) await repo.readAhead(infoObjects([commit, ...along], directory));
    }
    return true;
  }

  #othersWaiting(repo: BareRepo, commit: ObjectHash): ObjectHash[] {
    const others = new Set(this.#waiting.get(repo) ?? []);
    others.delete(commit);
    if (others.size === 0) return [];
    for (const hash of referencedCommits(repo.dir)) others.delete(hash);
    return [...others].slice(0, MAX_TOGETHER);
  }

  /** Fetches files by their hashes. What is here already does not matter to a host that is asked so. */
  async files(repo: BareRepo, files: readonly ObjectHash[]): Promise<void> {
    const withoutFiles = repo.filtered;
    if (await this.#session.fetchWithoutGit(repo, { files, withoutFiles })) return;
    const flags = git`${withoutFiles ? WITHOUT_FILES : []} --stdin`;
    await this.#session.fetch(repo, flags, [], { ...NOTHING_HERE, input: lines(files) });
  }

  /**
   * Fetches all branches and tags, and notes `commit` if it came with them: for hosts that know neither depths nor hashes.
   * A repository that is shallow has to be told to become whole: otherwise git takes a commit whose parents were left out
   * for one that has none, and never asks for them.
   */
  async everything(repo: BareRepo, refs: Refs, commit: ObjectHash): Promise<void> {
    const isShallow = shallowCommits(repo.dir).length > 0;
    const flags = git`--prune ${isShallow ? WITHOUT_LIMIT : []}`;
    await this.#session.fetch(repo, flags, everythingOf(refs));
    if (await holds(repo, commit)) repo.recordCommits([commit], []);
  }
}

/** Of `git fetch`. */
const WITHOUT_FILES = git`--filter=blob:none`;

/** Of `git fetch`: what `--unshallow` means, without the refusal where there is nothing to do. */
const WITHOUT_LIMIT = git`--depth=2147483647`;

/** The host is not told what is here already. */
const NOTHING_HERE = { config: { 'fetch.negotiationAlgorithm': 'noop' } } as const;

/** Commits that others wait for, in one question. */
const MAX_TOGETHER = 200;

/** Bytes of a pack with the commits of many tags. */
const AHEAD_BYTES = 32 * 1024 * 1024;

/** What git says of a host that was asked to leave out files and did not. */
const IGNORES_FILTERS = 'filtering not recognized';

/** All branches and tags, and a HEAD on a commit that none of them points at. */
export function everythingOf(refs: Refs): readonly GitWord[] {
  const head = refs.get(HEAD);
  const isDetached = head !== undefined && ![...refs].some(([name, hash]) => name !== HEAD && hash === head);
  const detached = isDetached ? git`+HEAD:refs/modhaven/HEAD` : [];
  return git`+refs/heads/*:refs/heads/* +refs/tags/*:refs/tags/* ${detached}`;
}

/**
 * Whether the host left out what it takes for known here: a tag on a blob of a commit that was fetched without its files.
 * The mirror is not broken by that.
 */
function isLeftOut(error: unknown): boolean {
  const failure = isModhavenError(error) ? error.cause : error;
  return failure instanceof GitFailure && failure.stderr.includes('did not send all necessary objects');
}

/** Whether asking for more may help: a host that refused us or stayed silent did not do so because of a depth. */
export function mayHelpToAskForAll(error: unknown): boolean {
  return isModhavenError(error, 'HOST_UNREACHABLE', 'VERSION_NOT_FOUND');
}
