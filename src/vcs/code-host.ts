/**
 * All repositories: one mirror for each remote address, and one question for its refs at a time, however many callers ask.
 *
 * A reader says how old the refs may be. A caller that needs newer ones than are being fetched right now (a tag was
 * pushed just before it asked) waits for the next question, together with all others that do.
 */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { diskReady } from '../fs/disk-watch.js';
import { isModhavenError, type ModhavenError } from '../errors.js';
import { repoKey, type RepoUrl } from '../module/repo-url.js';
import { GitRepo } from './git-repo.js';
import { Mirror } from './mirror/mirror.js';
import { mirrorName } from './mirror/mirror-layout.js';
import type { Listing } from './objects/refs.js';
import { Spellings } from './spellings.js';
import { createSmartHosts } from './smart-http/smart-http.js';
import { findEntry, type VcsSettings } from './transport/access.js';
import { createAccountConfig } from './transport/account-config.js';
import { createGitLimiter } from './transport/git-limiter.js';
import type { CodeHost, CodeRepo, HostProblem, Need } from './types.js';

export { isSameListing } from './objects/refs.js';

export interface CodeHostOptions {
  /** `<cache.dir>/vcs`. */
  dir: string;
  settings: () => VcsSettings;
  env?: NodeJS.ProcessEnv;
  /** Told what a host answered, each time, and what it had answered before. */
  onRefs?: (remote: RepoUrl, listing: Listing, before: Listing | undefined) => void;
}

/** How long a silent host is not asked again, so that a hundred clients do not each wait for it. */
const SILENT_MS = 5_000;

/** How exact the time is at which a mirror was last used, in milliseconds. It decides what `gc` removes first. */
const NOTED_MS = 1_000;

/** Repositories whose refs are remembered, each with each login that it is asked with. Forgetting one costs one question to its host. */
const MAX_REMOTES = 2_000;

export function createCodeHost(options: CodeHostOptions): CodeHost {
  return new GitHosts(options);
}

class GitHosts implements CodeHost {
  readonly #dir: string;
  readonly #settings: () => VcsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #onRefs: CodeHostOptions['onRefs'];
  readonly #limiter;
  readonly #account;
  readonly #smart;
  readonly #remotes = new LRUCache<string, Remote>({ max: MAX_REMOTES });
  readonly #spellings = new Spellings<Remote>();

  constructor({ dir, settings, env = process.env, onRefs }: CodeHostOptions) {
    this.#dir = dir;
    this.#settings = settings;
    this.#env = env;
    this.#onRefs = onRefs;
    this.#limiter = createGitLimiter(settings);
    this.#account = createAccountConfig(env);
    this.#smart = createSmartHosts(settings, env, this.#account);
  }

  async open(url: RepoUrl, maxAgeMs: number, need: Need = 'trees'): Promise<CodeRepo> {
    const remote = this.#remote(url);
    const listing = await remote.refs(maxAgeMs);
    const { remote: first, spelling } = await this.#spellings.find(url, remote, listing, maxAgeMs);
    const { mirror } = first;
    const waitMs = this.#settings().timeoutMs;
    const now = monotonicNow();
    if (now - first.notedAt >= NOTED_MS) {
      first.notedAt = now;
      void noteUse(join(this.#dir, mirrorName(first.url)));
    }
    return new GitRepo({ remote: url, spelling, mirror, listing, need, limiter: this.#limiter, waitMs });
  }

  async refresh(url: RepoUrl): Promise<void> {
    await this.#remote(url).refresh();
  }

  problems(): HostProblem[] {
    return [...this.#remotes.values()].flatMap(({ problem }) => problem ?? []);
  }

  #remote(url: RepoUrl): Remote {
    const { hosts } = this.#settings();
    const known = this.#remotes.get(repoKey(url));
    if (known?.isAskedAs(hosts) === true) return known;
    const mirror = new Mirror({
      dir: join(this.#dir, mirrorName(url)),
      remote: url,
      settings: this.#settings,
      env: this.#env,
      limiter: this.#limiter,
      smart: this.#smart,
      account: this.#account,
    });
    const remote = new Remote(url, mirror, hosts, this.#onRefs);
    this.#remotes.set(repoKey(url), remote);
    return remote;
  }
}

/** Notes that the mirror in `folder` is used. There may be none yet. */
async function noteUse(folder: string): Promise<void> {
  try {
    await diskReady(folder);
    const now = new Date();
    await utimes(folder, now, now);
  } catch {
    // It is not there, belongs to another account, or its disk hangs.
  }
}

/** One question to the host for its refs. */
interface RefsRequest {
  /** When the host was asked; undefined until then: the answer is new to every caller before. */
  sentAt: number | undefined;
  answer: Promise<Listing>;
}

/** What is known of one repository, as it is seen with one login. All times are those of `monotonicNow`. */
class Remote {
  readonly mirror: Mirror;
  readonly url: RepoUrl;
  problem: HostProblem | undefined;
  /** When it was noted last that the mirror is used. */
  notedAt = -Infinity;
  readonly #onRefs: CodeHostOptions['onRefs'];
  #known: Listing | undefined;
  #asking: RefsRequest | undefined;
  /** What was asked for before this time is known to be outdated, whatever age a reader allows. */
  #notBefore = 0;
  #silent: { error: ModhavenError; until: number } | undefined;
  #hosts: VcsSettings['hosts'];

  constructor(url: RepoUrl, mirror: Mirror, hosts: VcsSettings['hosts'], onRefs: CodeHostOptions['onRefs']) {
    this.url = url;
    this.#hosts = hosts;
    this.mirror = mirror;
    this.#onRefs = onRefs;
  }

  /**
   * Whether the entry of `vcs.hosts` for it is what it was: what a host said to a login that was edited is nothing that
   * the next question may be answered with.
   */
  isAskedAs(hosts: VcsSettings['hosts']): boolean {
    if (hosts === this.#hosts) return true;
    const entryIn = (all: VcsSettings['hosts']) => JSON.stringify(findEntry(this.url, all).entry);
    if (entryIn(hosts) !== entryIn(this.#hosts)) return false;
    this.#hosts = hosts;
    return true;
  }

  /** The refs, at most `maxAgeMs` old. */
  async refs(maxAgeMs: number): Promise<Listing> {
    const oldest = monotonicNow() - maxAgeMs;
    const isFresh = (askedAt: number) => askedAt > oldest && askedAt >= this.#notBefore;
    if (this.#known !== undefined && isFresh(this.#known.askedAt)) return this.#known;
    while (this.#asking !== undefined) {
      const { sentAt, answer } = this.#asking;
      // A question put at the very moment of the request may have been answered from before it: ask again then.
      if (sentAt === undefined || isFresh(sentAt)) return answer;
      await answer.catch(() => undefined);
      if (this.#known !== undefined && isFresh(this.#known.askedAt)) return this.#known;
    }
    if (this.#silent !== undefined && this.#silent.until > monotonicNow()) throw this.#silent.error;
    return this.#ask();
  }

  /** The refs from now on. */
  async refresh(): Promise<void> {
    this.#notBefore = monotonicNow();
    this.#silent = undefined; // a host that announces a push is not silent
    await this.refs(0);
  }

  #ask(): Promise<Listing> {
    const question: RefsRequest = {
      sentAt: undefined,
      answer: Promise.resolve().then(() => this.#send(question)),
    };
    this.#asking = question;
    return question.answer;
  }

  async #send(question: RefsRequest): Promise<Listing> {
    try {
      const listing = await this.mirror.listRefs(() => {
        question.sentAt = monotonicNow();
      });
      const before = this.#known;
      this.#known = { ...listing, askedAt: question.sentAt ?? monotonicNow() };
      this.problem = undefined;
      this.#silent = undefined;
      this.#onRefs?.(this.url, this.#known, before);
      return this.#known;
    } catch (error) {
      if (isModhavenError(error)) this.problem = { url: this.url.url, at: Date.now(), error };
      if (isModhavenError(error, 'HOST_TIMEOUT')) {
        this.#silent = { error, until: monotonicNow() + SILENT_MS };
      }
      throw error;
    } finally {
      this.#asking = undefined;
    }
  }
}
