/**
 * What we keep of one remote repository: three bare repositories with different purposes.
 *
 * - `content.git` holds single commits with all their files, each fetched alone (`--depth=1`): what the `.zip` of a
 *   version needs, however long the history is. Of a host that hands out no commits by their hash it holds everything
 *   that branches and tags lead to, as soon as a commit is needed that none of them names.
 * - `trees.git` holds single commits with their directories but without files (`--filter=blob:none`), except those few
 *   that were asked for one by one: what `.info` and `.mod` need of a large repository. Of a small one it stays empty,
 *   because all files of a commit cost one request and few bytes, and the `.zip` that is asked for next needs none. That a
 *   repository is large shows when the first pack of it goes on and on; by then directories and `go.mod` have mostly come
 *   (`objects/pack-beginning.ts`). Of a host that knows no filters it stays empty as well, or has what came so. Then
 *   `content.git` takes its part.
 * - `history.git` holds all commits of all branches and tags without their files (`--filter=tree:0`; a host that
 *   knows no filters sends everything): what "is this an ancestor" needs. It is made when first asked for, and it is
 *   never shallow.
 *
 * Kept apart, a shallow commit can never pass for one without ancestors, and what an archive is made of is never
 * incomplete.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { git } from '../names/git-words.js';
import type { ObjectHash } from '../names/object-name.js';
import { HEAD, type RefName } from '../names/ref-name.js';
import { formatOf } from '../objects/object-format.js';
import { directoriesIn } from '../objects/pack-beginning.js';
import { refsFingerprint, type RefListing, type Refs } from '../objects/refs.js';
import type { SmartHosts } from '../smart-http/smart-http.js';
import type { VcsSettings } from '../transport/access.js';
import type { ReadAccountConfig } from '../transport/account-config.js';
import { GitFailure } from '../transport/git-exec.js';
import type { HostLimiter } from '../../concurrency/host-limiter.js';
import { RemoteSession } from '../remote/remote-session.js';
import { BareRepo, holds } from '../bare/bare-repo.js';
import { isBroken, retryOnCorrupt } from '../bare/broken-repo.js';
import { referencedCommits } from '../bare/commit-refs.js';
import { packCount } from '../bare/repo-files.js';
import { SMALL_PACK } from '../smart-http/receive-pack.js';
import {
  isAsNoted,
  packedRefs,
  readHistoryNote,
  writeHistoryNote,
  type HistoryNote,
} from './history-note.js';
import { repositoriesOf } from './mirror-layout.js';
import { MirrorNotes } from './mirror-notes.js';
import { reuseCommit, reuseTrees, takeInventory } from './reuse-objects.js';
import { CommitFetcher, everythingOf, mayHelpToAskForAll } from './commit-fetcher.js';
import { tagDirectories } from './tags-ahead.js';

export interface MirrorOptions {
  /** Folder for this remote, below `<cache.dir>/vcs`. */
  dir: string;
  remote: RepoUrl;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all mirrors, as `smart` and `account` are. */
  limiter: HostLimiter;
  smart: SmartHosts;
  account: ReadAccountConfig;
}

export class Mirror {
  readonly content: BareRepo;
  readonly trees: BareRepo;
  readonly history: BareRepo;
  readonly notes: MirrorNotes;
  readonly #remote: RepoUrl;
  readonly #session: RemoteSession;
  readonly #fetcher: CommitFetcher;
  /** Its presence says that the host only serves files and runs no git. */
  readonly #dumbMark: string;
  /** Its presence says that the host sends all files or none. */
  readonly #unfilteredMark: string;
  /** Whether whole commits of this repository are known to be more than a small pack, or left to git. */
  #isLarge = false;

  constructor({ dir, remote, settings, env, ...shared }: MirrorOptions) {
    const { timeoutMs } = settings();
    this.#remote = remote;
    this.#session = new RemoteSession({ remote, dir: dirname(dir), settings, env, ...shared });
    this.#fetcher = new CommitFetcher(remote, this.#session);
    const { content, trees, history } = repositoriesOf(dir);
    this.content = new BareRepo({ dir: content, env, timeoutMs });
    this.trees = new BareRepo({ dir: trees, env, timeoutMs, filtered: true });
    this.history = new BareRepo({ dir: history, env, timeoutMs });
    this.notes = new MirrorNotes(join(dir, 'notes'));
    this.#dumbMark = join(this.content.dir, 'modhaven-dumb-host');
    this.#unfilteredMark = join(this.trees.dir, 'modhaven-no-filter');
  }

  /** See `RemoteSession`. */
  listRefs(onAsk: () => void): Promise<RefListing> {
    return this.#session.listRefs(onAsk);
  }

  /**
   * Fetches `commit` with its files into `content`; `ref` is a name the host has for it, if one is known. Where it is not
   * in `content` afterwards, no branch or tag of the host leads to it, and the host did not hand it out by its hash.
   */
  fetchCommit(refs: Refs, commit: ObjectHash, ref: RefName | undefined): Promise<void> {
    const { content } = this;
    return retryOnCorrupt(content, () =>
      content.write(formatOf(anyHash(refs)), async () => {
        if (await holds(content, commit)) return; // another caller was faster
        const isLarge = (await content.meanObjectBytes()) > LARGE_OBJECT_BYTES;
        if (isLarge && (await this.#fetchMissing(refs, commit, ref))) return;
        try {
          await this.#fetcher.byHashOrName(content, commit, ref, { anew: isLarge });
        } catch (error) {
          if (!mayHelpToAskForAll(error) || isBroken(error, content.dir)) throw error;
          await this.#fetcher.everything(content, refs, commit);
          if (isDumb(error)) await writeFile(this.#dumbMark, '');
        }
        await content.repack(git`--geometric=2`);
      }),
    );
  }

  /**
   * Fetches `commit` with its directories, into `trees`. Where its files are few as well, or the host sends them whatever it
   * is asked, they come with it, into `content`.
   */
  async fetchTrees(refs: Refs, commit: ObjectHash, ref: RefName | undefined): Promise<void> {
    const { trees } = this;
    if (this.#sendsAllOrNothing()) return this.fetchCommit(refs, commit, ref);
    if (await this.#fetchIfSmall(refs, commit)) return;
    const sent = await this.#fetcher.waiting(trees, commit, () =>
      retryOnCorrupt(trees, () =>
        trees.write(formatOf(anyHash(refs)), () => this.#fetcher.filtered(trees, refs, commit, ref)),
      ),
    );
    if (sent === 'trees') return;
    if (sent === 'everything') await this.#reuseFiltered(refs, commit);
    // Whatever was wrong with the filter, it is remembered only if it works without one.
    await this.fetchCommit(refs, commit, ref);
    // What came in with a filter stays: another caller may be about to read it.
    if (sent === 'everything') await trees.discard(trees.identity());
    await trees.write(formatOf(anyHash(refs)), () => writeFile(this.#unfilteredMark, ''));
  }

  /**
   * Fetches `commit` with its files into `content`, if that is a small pack, or else with its directories into `trees`, if they
   * came before it showed that it is not; false if neither. Tried until a repository turns out to be large: then it has `trees`.
   */
  async #fetchIfSmall(refs: Refs, commit: ObjectHash): Promise<boolean> {
    const { content, trees } = this;
    if (this.#isLarge || !/^https?$/.test(this.#remote.scheme) || existsSync(trees.dir)) return false;
    let begun: { begin: Buffer; cut: readonly ObjectHash[] } | undefined;
    const onLarge = (begin: Buffer, cut: readonly ObjectHash[]) => {
      begun = { begin, cut };
    };
    const isHere = await this.#fetcher.waiting(content, commit, () =>
      retryOnCorrupt(content, () =>
        content.write(formatOf(anyHash(refs)), async () => {
          if (await holds(content, commit)) return true;
          if (await this.#fetcher.withOthers(content, refs, commit)) return true;
          const wanted = { commit, withoutFiles: false, anew: false, atMost: SMALL_PACK, onLarge };
          const isSmall = await this.#session.fetchWithoutGit(content, wanted);
          if (isSmall) await content.repack(git`--geometric=2`);
          return isSmall;
        }),
      ),
    );
    this.#isLarge = !isHere;
    return isHere || (begun !== undefined && (await this.#addDirectories(refs, commit, begun)));
  }

  /**
   * Adds `commit` with its directories and the `go.mod` files of its tags to `trees`, out of the beginning of the pack that was
   * left with the host; false where they did not come with that.
   */
  async #addDirectories(
    refs: Refs,
    commit: ObjectHash,
    { begin, cut }: { begin: Buffer; cut: readonly ObjectHash[] },
  ): Promise<boolean> {
    const { trees } = this;
    const format = formatOf(anyHash(refs));
    const directories = new Set(['', ...tagDirectories(refs, commit)]);
    const goMods = [...directories].map((directory) => `${directory}go.mod`);
    const pack = directoriesIn(begin, commit, goMods, format);
    if (pack === undefined) return false;
    await retryOnCorrupt(trees, () =>
      trees.write(format, async () => {
        if (await holds(trees, commit)) return;
        await trees.addSmallPack(pack, true);
        trees.recordCommits([commit], cut);
      }),
    );
    return true;
  }

  /** Fetches the blob `hash` into `trees`; false where the host hands out no single blobs. */
  async fetchBlob(hash: ObjectHash): Promise<boolean> {
    const { trees } = this;
    if (existsSync(this.#unfilteredMark)) return false;
    return retryOnCorrupt(trees, () =>
      trees.write(formatOf(hash), async () => {
        if ((await trees.objects([hash]))[0] !== undefined) return true;
        try {
          await this.#fetcher.files(trees, [hash]);
          return true;
        } catch (error) {
          if (!isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
          await writeFile(this.#unfilteredMark, '');
          return false;
        }
      }),
    );
  }

  /**
   * Fetches all commits that `refs` lead to into `history`, unless they are there. False where the host has other refs by now,
   * and does not send all of those commits.
   */
  fetchHistory(refs: Refs): Promise<boolean> {
    const { history } = this;
    const wanted = refsFingerprint(refs);
    return retryOnCorrupt(history, () =>
      history.write(formatOf(anyHash(refs)), async () => {
        const note = await readHistoryNote(history.dir);
        const isFresh = note === undefined && (await packCount(history.dir)) === 0;
        if (!isFresh && !(await this.#isWhole(note))) throw incomplete(history.dir);
        if (note?.refs === wanted) return true;
        await this.#fetchAll(refs);
        // All of it: it is small, and only so old ones of git keep the packs of a filtered fetch together.
        await history.repack(git`-a`);
        await history.packRefs();
        const came = await packedRefs(history.dir);
        const moved = [...refs].filter(([name, hash]) => name !== HEAD && came.get(name) !== hash);
        await writeHistoryNote(history.dir, moved.length === 0 ? wanted : undefined);
        if (moved.length === 0) return true;
        const found = await history.objects(moved.map(([, hash]) => hash));
        return found.every((object) => object !== undefined);
      }),
    );
  }

  /**
   * Whether `history` still is what came in, so that what was not found in it is not with the host either; false where another
   * caller is changing it. Throws `GitFailure` for one that is broken, which a new one helps against.
   */
  async isHistoryWhole(): Promise<boolean> {
    const { history } = this;
    const isWhole = async () => this.#isWhole(await readHistoryNote(history.dir));
    if (await isWhole()) return true;
    await history.write(history.format, async () => {
      if (!(await isWhole())) throw incomplete(history.dir);
    });
    return false;
  }

  async #isWhole(note: HistoryNote | undefined): Promise<boolean> {
    return note !== undefined && (await isAsNoted(this.history.dir, note));
  }

  /** Fetches all branches and tags into `history`, without directories where the host leaves them out. */
  async #fetchAll(refs: Refs): Promise<void> {
    const { history } = this;
    // git hangs when it asks a host that only serves files for a filter.
    const unfiltered = this.#remote.bundle || existsSync(this.#dumbMark);
    try {
      const flags = unfiltered ? git`--prune` : git`--prune --filter=tree:0`;
      await this.#session.fetch(history, flags, everythingOf(refs));
    } catch (error) {
      if (unfiltered || !mayHelpToAskForAll(error)) throw error;
      // Of a tag on a tree or a blob the filter leaves out what it points at, and git calls that incomplete.
      // It has written down by now to filter all that comes from this remote.
      await this.#session.fetch(history, git`--prune --no-filter`, everythingOf(refs));
    }
  }

  /**
   * Fetches the files of `commit` that are not here yet, one by one; false if the host does not do that. A host that
   * is told what is here looks for differences to it instead: where files are large, that takes it a minute for what
   * it sends in a second.
   */
  async #fetchMissing(refs: Refs, commit: ObjectHash, ref: RefName | undefined): Promise<boolean> {
    if (this.#sendsAllOrNothing()) return false;
    const { trees, content } = this;
    try {
      const sent = await trees.write(formatOf(anyHash(refs)), () =>
        this.#fetcher.filtered(trees, refs, commit, ref),
      );
      if (sent !== 'trees') return false;
      const { missing, present } = await takeInventory(trees, content, commit);
      if (missing.length > 0) await this.#fetcher.files(content, missing);
      await reuseTrees(trees, content, commit, present);
      return true;
    } catch (error) {
      // Whatever is wrong with this short way, the long one may work, or fails with a reason of its own.
      if (isModhavenError(error, 'VERSION_NOT_FOUND') || error instanceof GitFailure) return false;
      throw error;
    }
  }

  /**
   * Takes over what came into `trees` with all its files, which nobody may discard meanwhile: half of its packs would pass for
   * a whole commit. Where that fails, the commit is fetched once more.
   */
  async #reuseFiltered(refs: Refs, commit: ObjectHash): Promise<void> {
    const { trees, content } = this;
    const format = formatOf(anyHash(refs));
    const reuse = async () => {
      if (referencedCommits(trees.dir).includes(commit)) await reuseCommit(trees, content, commit);
    };
    await content.write(format, () => trees.write(format, reuse)).catch(() => undefined);
  }

  /** Whether the host is known to send all files or none. */
  #sendsAllOrNothing(): boolean {
    return this.#remote.bundle || existsSync(this.#unfilteredMark) || existsSync(this.#dumbMark);
  }
}

/** Bytes in a pack. Source files take about one KiB there. */
const LARGE_OBJECT_BYTES = 256 * 1024;

/** A web server that serves the files of a repository and runs no git. */
function isDumb(error: unknown): boolean {
  const cause = isModhavenError(error) ? error.cause : error;
  return cause instanceof GitFailure && cause.stderr.includes('dumb http');
}

/** What git says of a repository that lacks something, so that it is made anew. */
function incomplete(dir: string): GitFailure {
  return new GitFailure('fetch', undefined, `missing object: ${dir} is not what was fetched into it`);
}

function anyHash(refs: Refs): ObjectHash | undefined {
  return refs.values().next().value;
}
