/**
 * All repositories: one mirror per remote address, and one question for its refs at a time, however many ask.
 *
 * A reader says how old the refs may be. Whoever needs newer ones than are being fetched right now (somebody pushed a
 * tag and asks for it) waits for the next question, together with everybody else who does.
 */
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { isModhavenError, type ModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import { gitRepo, type Listing } from './git-repo.js';
import { createMirror, mirrorName, type Mirror } from './mirror/mirror.js';
import type { VcsSettings } from './transport/access.js';
import { createSmartHosts } from './smart-http/smart-http.js';
import { createHostLimiter } from './transport/host-limiter.js';
import type { CodeHost, HostProblem } from './types.js';

export interface CodeHostOptions {
  /** `<cache.dir>/vcs`. */
  dir: string;
  settings: () => VcsSettings;
  env?: NodeJS.ProcessEnv;
  /** Told what a host answered, each time, and what it had answered before. */
  onRefs?: (remote: RepoUrl, listing: Listing, before: Listing | undefined) => void;
}

/** How long a silent host is not asked again, so that a hundred clients do not each wait for it. */
const SILENCE_MS = 5_000;

/** Remotes whose refs are remembered. Forgetting one costs one question to its host. */
const MAX_REMOTES = 2_000;

interface Remote {
  mirror: Mirror;
  known: Listing | undefined;
  asking: Question | undefined;
  /** What was asked for before this time is known to be outdated, whatever age a reader allows. */
  notBefore: number;
  silent: { error: ModhavenError; until: number } | undefined;
  problem: HostProblem | undefined;
}

interface Question {
  /** When the host was asked; undefined as long as it was not: the answer is new to everybody who asks until then. */
  sentAt: number | undefined;
  answer: Promise<Listing>;
}

export function createCodeHost({ dir, settings, env = process.env, onRefs }: CodeHostOptions): CodeHost {
  const turns = createHostLimiter(() => settings().concurrency);
  const smart = createSmartHosts(settings, env);
  const remotes = new LRUCache<string, Remote>({ max: MAX_REMOTES });

  function remoteFor(url: RepoUrl): Remote {
    let remote = remotes.get(url.gitUrl);
    if (remote === undefined) {
      const mirror = createMirror({
        dir: join(dir, mirrorName(url)),
        remote: url,
        settings,
        env,
        turns,
        smart,
      });
      const nothing = { known: undefined, asking: undefined, silent: undefined, problem: undefined };
      remote = { mirror, notBefore: 0, ...nothing };
      remotes.set(url.gitUrl, remote);
    }
    return remote;
  }

  function ask(url: RepoUrl, remote: Remote): Promise<Listing> {
    const send = async () => {
      try {
        const listing = await remote.mirror.listRefs(() => {
          question.sentAt = Date.now();
        });
        const before = remote.known;
        remote.known = { ...listing, askedAt: question.sentAt ?? Date.now() };
        remote.problem = undefined;
        remote.silent = undefined;
        onRefs?.(url, remote.known, before);
        return remote.known;
      } catch (error) {
        if (isModhavenError(error)) remote.problem = { url: url.url, at: Date.now(), error };
        if (isModhavenError(error, 'HOST_TIMEOUT')) remote.silent = { error, until: Date.now() + SILENCE_MS };
        throw error;
      } finally {
        remote.asking = undefined;
      }
    };
    const question: Question = { sentAt: undefined, answer: Promise.resolve().then(send) };
    remote.asking = question;
    return question.answer;
  }

  async function refsOf(url: RepoUrl, remote: Remote, maxAgeMs: number): Promise<Listing> {
    const oldest = Date.now() - maxAgeMs;
    const isFresh = (askedAt: number) => askedAt > oldest && askedAt >= remote.notBefore;
    if (remote.known !== undefined && isFresh(remote.known.askedAt)) return remote.known;
    while (remote.asking !== undefined) {
      const { sentAt, answer } = remote.asking;
      // A question put at the very moment of the request may have been answered from before it: ask again then.
      if (sentAt === undefined || isFresh(sentAt)) return answer;
      await answer.catch(() => undefined);
      if (remote.known !== undefined && isFresh(remote.known.askedAt)) return remote.known;
    }
    if (remote.silent !== undefined && remote.silent.until > Date.now()) throw remote.silent.error;
    return ask(url, remote);
  }

  return {
    async open(url, maxAgeMs, need = 'trees') {
      const remote = remoteFor(url);
      return gitRepo(url, remote.mirror, await refsOf(url, remote, maxAgeMs), need);
    },

    async refresh(url) {
      const remote = remoteFor(url);
      remote.notBefore = Date.now();
      remote.silent = undefined; // who tells us of a push is not silent
      await refsOf(url, remote, 0);
    },

    problems: () => [...remotes.values()].flatMap(({ problem }) => problem ?? []),
  };
}
