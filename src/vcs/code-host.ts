/**
 * All repositories: one mirror per remote address, and one question for its refs at a time, however many ask.
 *
 * A reader says how old the refs may be. Whoever needs newer ones than are being fetched right now (somebody pushed a
 * tag and asks for it) waits for the next question, together with everybody else who does.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { isModhavenError, type ModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import { dial } from './dial.js';
import { gitRepo, type Listing } from './git-repo.js';
import { createMirror, type Mirror } from './mirror.js';
import { parseDefaultBranch, parseRefs } from './refs.js';
import type { VcsSettings } from './remote.js';
import type { CodeHost, HostProblem } from './types.js';

export interface CodeHostOptions {
  /** `<cache.dir>/vcs`. */
  dir: string;
  settings: () => VcsSettings;
  env?: NodeJS.ProcessEnv;
}

/** How long a silent host is not asked again, so that a hundred clients do not each wait for it. */
const SILENCE_MS = 5_000;

/** Remotes whose refs are remembered. Forgetting one costs one question to its host. */
const MAX_REMOTES = 2_000;

interface Remote {
  mirror: Mirror;
  known: Listing | undefined;
  asking: { startedAt: number; answer: Promise<Listing> } | undefined;
  silent: { error: ModhavenError; until: number } | undefined;
  problem: HostProblem | undefined;
}

export function createCodeHost({ dir, settings, env = process.env }: CodeHostOptions): CodeHost {
  const limit = pLimit(settings().concurrency);
  const remotes = new LRUCache<string, Remote>({ max: MAX_REMOTES });

  function remoteFor(url: RepoUrl): Remote {
    let remote = remotes.get(url.gitUrl);
    if (remote === undefined) {
      const key = createHash('sha256').update(url.gitUrl).digest('hex');
      const mirror = createMirror({ dir: join(dir, key), remote: url, settings, env, limit });
      remote = { mirror, known: undefined, asking: undefined, silent: undefined, problem: undefined };
      remotes.set(url.gitUrl, remote);
    }
    return remote;
  }

  function ask(url: RepoUrl, remote: Remote): Promise<Listing> {
    const startedAt = Date.now();
    const answer = (async () => {
      try {
        await dial(url, settings().connectTimeoutMs, env);
        const output = await remote.mirror.listRemote();
        remote.known = {
          refs: parseRefs(output),
          defaultBranch: parseDefaultBranch(output),
          askedAt: startedAt,
        };
        remote.problem = undefined;
        return remote.known;
      } catch (error) {
        if (isModhavenError(error)) remote.problem = { url: url.url, at: startedAt, error };
        if (isModhavenError(error, 'HOST_TIMEOUT')) remote.silent = { error, until: Date.now() + SILENCE_MS };
        throw error;
      } finally {
        remote.asking = undefined;
      }
    })();
    remote.asking = { startedAt, answer };
    return answer;
  }

  async function refsOf(url: RepoUrl, remote: Remote, maxAgeMs: number): Promise<Listing> {
    const oldest = Date.now() - maxAgeMs;
    if (remote.known !== undefined && remote.known.askedAt > oldest) return remote.known;
    if (remote.silent !== undefined && remote.silent.until > Date.now()) throw remote.silent.error;
    while (remote.asking !== undefined) {
      const { startedAt, answer } = remote.asking;
      // A question put at the very moment of the request may have been answered from before it: ask again then.
      if (startedAt > oldest) return answer;
      await answer.catch(() => undefined);
      if (remote.known !== undefined && remote.known.askedAt > oldest) return remote.known;
    }
    return ask(url, remote);
  }

  return {
    async open(url, maxAgeMs) {
      limit.concurrency = settings().concurrency;
      const remote = remoteFor(url);
      return gitRepo(url, remote.mirror, await refsOf(url, remote, maxAgeMs));
    },

    problems: () => [...remotes.values()].flatMap(({ problem }) => problem ?? []),
  };
}
