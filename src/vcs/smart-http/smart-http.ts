/**
 * Talks to http and https hosts from within this process (gitprotocol-http(5), version 2): starting git and its helper for
 * http takes longer than most hosts take to answer, and each start makes a connection of its own.
 *
 * Only what goes as usual is decided here. Whatever else an account is set up for or a host says, the caller asks git,
 * which knows all of it, and whose words for what is wrong are those that are explained to people.
 */
import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { RepoUrl } from '../../module/repo-url.js';
import type { BareRepo } from '../mirror/bare-repo.js';
import { silentHost } from '../transport/reachability.js';
import { GitFailure } from '../transport/git-exec.js';
import { writeCommitRef, referencedCommits, shallowCommits } from '../mirror/commit-refs.js';
import type { RefListing } from '../refs.js';
import type { Access, VcsSettings } from '../transport/access.js';
import { createAccountSettings } from './account-settings.js';
import { FallbackToGit } from './fallback-to-git.js';
import { discard, sendRequest, IdleTimeout } from './http-request.js';
import { createLogin } from './login.js';
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

/** What to bring into a repository of ours. */
export type Wanted = WantedCommit | WantedFiles;

export interface WantedCommit {
  commit: string;
  /** Leaves out files. */
  withoutFiles: boolean;
  /** Whether the host is not told what is here already. */
  anew: boolean;
}

export interface WantedFiles {
  /** Hashes. */
  files: readonly string[];
  /** Whether the repository lacks other files of the same commits on purpose. */
  withoutFiles: boolean;
}

export interface SmartHttp {
  /**
   * What the host lists; undefined where git is to be asked. Throws `GitFailure` with git's words for what the host said
   * no to, and HOST_TIMEOUT if it does not answer.
   */
  listRefs(reach: Access): Promise<RefListing | undefined>;
  /** Brings what is wanted into `repo`, inside of its `write`; false where git is to be asked. Throws likewise, and STORAGE. */
  fetch(reach: Access, repo: BareRepo, wanted: Wanted): Promise<boolean>;
}

/** The client for the host of `remote`; `dir` is any directory of ours, made if need be. */
export type SmartHosts = (remote: RepoUrl, dir: string) => SmartHttp;

/** After that long a host that was left to git is tried again: it may have been set up anew. */
const LEFT_TO_GIT_MS = 5 * 60_000;

/** Hosts whose capabilities are remembered. */
const MAX_HOSTS = 1_000;

/** Of so many commits that are here a host is told. */
const MAX_HAVES = 256;

/** Hosts and proxies in front of them know git by how this begins. */
const USER_AGENT = 'git/2.0 (modhaven)';

export function createSmartHosts(settings: () => VcsSettings, env: NodeJS.ProcessEnv): SmartHosts {
  const hasOwnSettings = createAccountSettings(env);
  /** By scheme, host and port: what one repository says is tried with its neighbours. */
  const neighbours = new LRUCache<string, Capabilities>({ max: MAX_HOSTS });

  return (remote, dir) => {
    const base = plainUrl(remote);
    const showLogin = createLogin(remote, env);
    let own: Capabilities | undefined;
    let leftToGitUntil = 0;

    /** Undefined where git is to be asked. */
    async function talk<T>(
      reach: Access,
      work: (host: Host, capabilities: Capabilities) => Promise<T>,
    ): Promise<T | undefined> {
      if (base === undefined || leftToGitUntil > Date.now() || (await hasOwnSettings(remote, dir)))
        return undefined;
      const { timeoutMs, connectTimeoutMs } = settings();
      const signal = AbortSignal.timeout(timeoutMs);
      const ask: Host['ask'] = (path, { headers, ...rest }) =>
        showLogin(reach, (authorization) =>
          sendRequest({
            url: new URL(base.href + path),
            headers: { ...COMMON_HEADERS, ...headers, ...(authorization && { authorization }) },
            ...rest,
            trust: reach.trust,
            signal,
            idleTimeoutMs: connectTimeoutMs,
          }),
        );
      try {
        return await withCapabilities({ ask, signal }, base.origin, work);
      } catch (error) {
        if (signal.aborted) throw new GitFailure('fetch', undefined, '', true);
        if (error instanceof IdleTimeout) throw silentHost(remote, connectTimeoutMs);
        if (error instanceof FallbackToGit) {
          own = undefined;
          if (error.always) leftToGitUntil = Date.now() + LEFT_TO_GIT_MS;
          return undefined;
        }
        if (isConnectionTrouble(error)) return undefined;
        throw error;
      }
    }

    /** What a neighbour can do saves a question. Where that is not enough here, this repository is asked itself. */
    async function withCapabilities<T>(
      host: Host,
      origin: string,
      work: (host: Host, capabilities: Capabilities) => Promise<T>,
    ): Promise<T> {
      const assumed = own ?? neighbours.get(origin);
      if (assumed !== undefined) {
        try {
          return await work(host, assumed);
        } catch (error) {
          if (own !== undefined || !(error instanceof FallbackToGit) || error.always) throw error;
        }
      }
      own = await readCapabilities(packets(await advertisement(host, remote)));
      neighbours.set(origin, own);
      return work(host, own);
    }

    return {
      listRefs: (reach) =>
        talk(reach, async (host, capabilities) =>
          readRefs(packets(await result(host, lsRefsRequest(capabilities)))),
        ),

      async fetch(reach, repo, wanted) {
        const done = await talk(reach, async (host, capabilities) => {
          const request = fetchRequest(capabilities, await packRequest(repo, wanted));
          let cut: string[] = [];
          const pack = readPack(packets(await result(host, request, { patient: true })), (commits) => {
            cut = commits;
          });
          await receivePack(repo, pack, { partial: wanted.withoutFiles, signal: host.signal });
          if ('commit' in wanted) {
            const [found] = await repo.objects([wanted.commit]);
            if (found?.type !== 'commit') throw new FallbackToGit('the pack is without the commit');
            await writeCommitRef(repo.dir, wanted.commit, cut);
          }
          return true;
        });
        return done ?? false;
      },
    };
  };
}

/** One conversation: a few requests with one deadline. */
interface Host {
  /** `path` goes behind the address of the repository. */
  ask(
    path: string,
    request: { headers?: Record<string, string>; body?: string; patient?: boolean },
  ): Promise<IncomingMessage>;
  signal: AbortSignal;
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

async function advertisement(host: Host, { gitUrl }: RepoUrl): Promise<IncomingMessage> {
  const answer = await host.ask('info/refs?service=git-upload-pack', {});
  const { statusCode = 0, headers } = answer;
  if (statusCode === 200 && headers['content-type'] === 'application/x-git-upload-pack-advertisement')
    return answer;
  void discard(answer);
  // What a web server says no to it says no to git as well; asking twice would count twice where it counts.
  if (statusCode >= 400)
    throw new GitFailure(
      'fetch',
      128,
      `fatal: unable to access '${gitUrl}/': The requested URL returned error: ${statusCode}`,
    );
  throw new FallbackToGit(`status ${statusCode}`, { always: true });
}

async function result(host: Host, body: string, { patient = false } = {}): Promise<IncomingMessage> {
  const type = 'application/x-git-upload-pack';
  const headers = { 'content-type': `${type}-request`, accept: `${type}-result` };
  const answer = await host.ask('git-upload-pack', { headers, body, patient });
  if (answer.statusCode === 200 && answer.headers['content-type'] === `${type}-result`) return answer;
  void discard(answer);
  throw new FallbackToGit(`status ${answer.statusCode ?? 0}`);
}

const COMMON_HEADERS = { 'user-agent': USER_AGENT, 'git-protocol': 'version=2', pragma: 'no-cache' };

async function packRequest({ dir }: BareRepo, wanted: Wanted): Promise<PackRequest> {
  const { withoutFiles } = wanted;
  if ('files' in wanted) return { wants: wanted.files, shallow: false, withoutFiles, haves: [], cut: [] };
  const haves = wanted.anew ? [] : (await referencedCommits(dir)).slice(-MAX_HAVES);
  const cut = haves.length === 0 ? [] : await shallowCommits(dir);
  return {
    wants: [wanted.commit],
    shallow: true,
    withoutFiles,
    haves,
    cut: cut.filter((commit) => haves.includes(commit)),
  };
}

/** What Node says of sockets, TLS and http; git will say it in words that are explained to people. */
function isConnectionTrouble(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
