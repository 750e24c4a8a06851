/**
 * Talks to http and https hosts from within this process (gitprotocol-http(5), version 2): starting git and its helper for
 * http takes longer than most hosts take to answer, and each start makes a connection of its own.
 *
 * Only what goes as usual is decided here. Whatever else an account is set up for or a host answers, the caller starts git,
 * which knows all of it, and whose words for what is wrong are those that are explained to people.
 */
import { LRUCache } from 'lru-cache';
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import { codeOf, isIdleTimeout } from '../../http/request.js';
import type { RepoUrl } from '../../module/repo-url.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { referencedCommits, shallowCommits } from '../bare/commit-refs.js';
import type { ObjectHash } from '../names/object-name.js';
import type { RefListing } from '../objects/refs.js';
import type { HostAccess, VcsSettings } from '../transport/access.js';
import { GitFailure } from '../transport/git-exec.js';
import { packLimits, packTooLarge } from '../transport/pack-limit.js';
import { silentHost } from '../transport/reachability.js';
import type { ReadAccountConfig } from '../transport/account-config.js';
import { createAccountSettings, type AccountSettings } from './account-settings.js';
import { FallbackToGit } from './fallback-to-git.js';
import { GitRequests } from './git-requests.js';
import { LoginOnDemand } from './login.js';
import { packets } from './pkt-line.js';
import {
  fetchRequest,
  lsRefsRequest,
  readCapabilities,
  readPack,
  readRefs,
  type Capabilities,
  type PackRequest,
} from './protocol-v2.js';
import { receivePack } from './receive-pack.js';

/** What to fetch into a repository of ours. */
export type Wanted = WantedCommit | WantedFiles;

export interface WantedCommit {
  commit: ObjectHash;
  /** More commits to fetch with it, as far as the host has them. */
  along?: readonly ObjectHash[];
  /** Leaves out files. */
  withoutFiles: boolean;
  /** Whether the host is not told what is here already. */
  anew: boolean;
  /** A pack of more bytes is left with the host. */
  atMost?: number;
  /** Told the beginning of such a pack, and which commits in it are without their parents. */
  onLarge?: (begin: Buffer, cut: readonly ObjectHash[]) => void;
}

export interface WantedFiles {
  /** Hashes. */
  files: readonly ObjectHash[];
  /** Whether the repository lacks other files of the same commits on purpose. */
  withoutFiles: boolean;
}

export interface SmartHttp {
  /**
   * What the host lists; undefined where git is to be started. Throws `GitFailure` with git's words for what the
   * host refused, and HOST_TIMEOUT if it does not answer.
   */
  listRefs(access: HostAccess): Promise<RefListing | undefined>;
  /**
   * Fetches what is wanted into `repo`, inside of its `write`; false where git is to be started, or the pack has more
   * bytes than `atMost`; then nothing was added. Throws likewise, and STORAGE.
   */
  fetch(access: HostAccess, repo: BareRepo, wanted: Wanted): Promise<boolean>;
}

/** The client for the host of `remote`; `dir` is any directory of ours, made if need be. */
export type SmartHosts = (remote: RepoUrl, dir: string) => SmartHttp;

/** After that long a host that was left to git is tried again: it may have been set up anew. */
const LEFT_TO_GIT_MS = 5 * 60_000;

/** How long it is remembered that a pack was too large. */
const REFUSED_MS = 60_000;

/** Hosts whose capabilities are remembered. */
const MAX_HOSTS = 1_000;

/** Of so many commits that are here a host is told. */
const MAX_HAVES = 256;

/** What all clients share. */
interface SharedParts {
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  hasOwnSettings: AccountSettings;
  /** By scheme, host and port: what one repository can do is tried with the other ones of its host. */
  neighbours: LRUCache<string, Capabilities>;
}

export function createSmartHosts(
  settings: () => VcsSettings,
  env: NodeJS.ProcessEnv,
  account: ReadAccountConfig,
): SmartHosts {
  const hasOwnSettings = createAccountSettings(env, account);
  const neighbours = new LRUCache<string, Capabilities>({ max: MAX_HOSTS });
  const shared: SharedParts = { settings, env, hasOwnSettings, neighbours };
  return (remote, dir) => new SmartHttpClient(shared, remote, dir);
}

/** The client for one repository. */
class SmartHttpClient implements SmartHttp {
  readonly #shared: SharedParts;
  readonly #remote: RepoUrl;
  readonly #dir: string;
  readonly #base: URL | undefined;
  readonly #login: LoginOnDemand;
  /** What the host can do for this repository, as far as it said so. */
  #capabilities: Capabilities | undefined;
  #leftToGitUntil = 0;
  /** What was too large a moment ago, by what was wanted: to find it out again would take as long. */
  readonly #refused = new LRUCache<string, Error>({ max: 100, ttl: REFUSED_MS });

  constructor(shared: SharedParts, remote: RepoUrl, dir: string) {
    this.#shared = shared;
    this.#remote = remote;
    this.#dir = dir;
    this.#base = plainUrl(remote);
    this.#login = new LoginOnDemand(remote, shared.env);
  }

  listRefs(access: HostAccess): Promise<RefListing | undefined> {
    return this.#talk(access, async (requests, capabilities) => {
      const { body } = await requests.result(lsRefsRequest(capabilities));
      return readRefs(packets(body));
    });
  }

  async fetch(access: HostAccess, repo: BareRepo, wanted: Wanted): Promise<boolean> {
    const key = 'commit' in wanted ? wanted.commit : wanted.files.join();
    const known = this.#refused.get(key);
    if (known !== undefined) throw known;
    const done = await this.#talk(access, async (requests, capabilities) => {
      const limit = packLimits(this.#shared.settings()).commit;
      const tooLarge = () => {
        const error = packTooLarge(this.#remote, limit);
        this.#refused.set(key, error);
        return error;
      };
      return fetchInto(repo, wanted, requests, capabilities, { limit, tooLarge });
    });
    return done ?? false;
  }

  /** Runs `work` with one deadline; undefined where git is to be started. */
  async #talk<T>(
    access: HostAccess,
    work: (requests: GitRequests, capabilities: Capabilities) => Promise<T>,
  ): Promise<T | undefined> {
    const base = this.#base;
    if (base === undefined || this.#leftToGitUntil > monotonicNow()) return undefined;
    if (await this.#shared.hasOwnSettings(this.#remote, this.#dir)) return undefined;
    const { timeoutMs, connectTimeoutMs: idleTimeoutMs } = this.#shared.settings();
    const signal = AbortSignal.timeout(timeoutMs);
    const requests = new GitRequests({
      base,
      access,
      signal,
      idleTimeoutMs,
      remote: this.#remote,
      login: this.#login,
    });
    try {
      return await this.#withCapabilities(requests, base.origin, work);
    } catch (error) {
      if (signal.aborted) throw new GitFailure('fetch', undefined, '', true);
      if (isIdleTimeout(error)) throw silentHost(this.#remote, idleTimeoutMs);
      if (error instanceof FallbackToGit) {
        this.#capabilities = undefined;
        if (error.always) this.#leftToGitUntil = monotonicNow() + LEFT_TO_GIT_MS;
        return undefined;
      }
      if (isConnectionTrouble(error)) return undefined;
      throw error;
    }
  }

  /** What a neighbour can do saves a request. Where that is not enough here, this repository's own answer is asked for. */
  async #withCapabilities<T>(
    requests: GitRequests,
    origin: string,
    work: (requests: GitRequests, capabilities: Capabilities) => Promise<T>,
  ): Promise<T> {
    const { neighbours } = this.#shared;
    const assumed = this.#capabilities ?? neighbours.get(origin);
    if (assumed !== undefined) {
      try {
        return await work(requests, assumed);
      } catch (error) {
        if (this.#capabilities !== undefined || !(error instanceof FallbackToGit) || error.always) {
          throw error;
        }
      }
    }
    const { body } = await requests.advertisement();
    const capabilities = await readCapabilities(packets(body));
    this.#capabilities = capabilities;
    neighbours.set(origin, capabilities);
    return work(requests, capabilities);
  }
}

/** Asks for a pack and takes it in; a commit gets a ref, which keeps it, once it is there. False for more than was wanted. */
async function fetchInto(
  repo: BareRepo,
  wanted: Wanted,
  requests: GitRequests,
  capabilities: Capabilities,
  { limit, tooLarge }: { limit: number; tooLarge: () => Error },
): Promise<boolean> {
  const request = fetchRequest(capabilities, packRequest(repo, wanted));
  const { body } = await requests.result(request, { patient: true });
  let cut: ObjectHash[] = [];
  const pack = readPack(packets(body), (commits) => {
    cut = commits;
  });
  const { atMost, onLarge }: Partial<WantedCommit> = 'commit' in wanted ? wanted : {};
  const begin: Buffer[] = [];
  const heard = onLarge === undefined ? pack : noted(pack, begin);
  const bytes =
    atMost === undefined ? bounded(pack, limit, tooLarge) : bounded(heard, atMost, () => new PackTooLarge());
  try {
    await receivePack(repo, bytes, { partial: wanted.withoutFiles, signal: requests.signal });
  } catch (error) {
    if (!(error instanceof PackTooLarge)) throw error;
    onLarge?.(Buffer.concat(begin), cut);
    return false;
  }
  if (!('commit' in wanted)) return true;
  const commits = [wanted.commit, ...(wanted.along ?? [])];
  const found = await repo.objects(commits);
  if (found[0]?.type !== 'commit') throw new FallbackToGit('the pack is without the commit');
  repo.recordCommits(
    commits.filter((_, i) => found[i]?.type === 'commit'),
    cut,
  );
  return true;
}

/** The host sends more than `atMost`. */
class PackTooLarge extends Error {}

/** The pieces of a pack, which `begin` gets as well. */
async function* noted(
  pack: AsyncGenerator<Buffer, undefined>,
  begin: Buffer[],
): AsyncGenerator<Buffer, undefined> {
  for await (const piece of pack) {
    begin.push(piece);
    yield piece;
  }
}

/** The pieces of a pack; fails with `tooLarge` instead of handing out more than `limit` bytes. */
async function* bounded(
  pack: AsyncGenerator<Buffer, undefined>,
  limit: number,
  tooLarge: () => Error,
): AsyncGenerator<Buffer, undefined> {
  let size = 0;
  for await (const piece of pack) {
    size += piece.length;
    if (size > limit) throw tooLarge();
    yield piece;
  }
}

/** The address as git asks it, with a slash at the end; undefined where that is not for this client. */
function plainUrl({ scheme, gitUrl }: RepoUrl): URL | undefined {
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  const withSlash = gitUrl.endsWith('/') ? gitUrl : `${gitUrl}/`;
  if (!URL.canParse(withSlash)) return undefined;
  // git hands an address on as it is written; nothing but an address that would be, too, is sure to mean the same.
  const url = new URL(withSlash);
  return url.href === withSlash && url.search === '' && url.hash === '' ? url : undefined;
}

function packRequest({ dir }: BareRepo, wanted: Wanted): PackRequest {
  const { withoutFiles } = wanted;
  if ('files' in wanted) return { wants: wanted.files, shallow: false, withoutFiles, haves: [], cut: [] };
  const haves = wanted.anew ? [] : referencedCommits(dir).slice(-MAX_HAVES);
  const cut = haves.length === 0 ? [] : shallowCommits(dir);
  return {
    wants: [wanted.commit, ...(wanted.along ?? [])],
    shallow: true,
    withoutFiles,
    haves,
    cut: cut.filter((commit) => haves.includes(commit)),
  };
}

/** What Node and undici say of sockets, TLS and http; git will say it in words that are explained to people. */
function isConnectionTrouble(error: unknown): boolean {
  return error instanceof Error && codeOf(error) !== undefined;
}
