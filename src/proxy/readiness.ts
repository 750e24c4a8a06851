/**
 * Whether requests can be answered in full, for `/-/readyz`: the store can be read and written, and the workers are up. Git
 * hosts do not matter: what is stored is served. Rules do not either: no server listens before they are loaded, and a file
 * that breaks later leaves the last good ones in use.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, isModhavenError } from '../errors.js';
import type { VersionStore } from '../store/version-store.js';

/** An answer holds so long, in milliseconds: a probe writes to the disk. */
const HOLDS_MS = 1_000;
/** A store that takes longer cannot be used (a network file system that hangs), in milliseconds. */
const TIMEOUT_MS = 5_000;

/** Resolves with what is wrong, undefined if nothing is. Asks the store at most once a second. */
export function createReadiness(
  store: Pick<VersionStore, 'probe'>,
  workersUnready: () => string | undefined = () => undefined,
): () => Promise<string | undefined> {
  let until = 0;
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  /** One at a time: on a disk that hangs none of them comes back. */
  let probing: Promise<string | undefined> | undefined;
  return () => {
    const ofWorkers = workersUnready();
    if (ofWorkers !== undefined) return Promise.resolve(ofWorkers);
    const now = performance.now();
    if (now < until) return answer;
    until = now + HOLDS_MS;
    probing ??= store
      .probe()
      .then(() => undefined, reasonOf)
      .finally(() => {
        probing = undefined;
      });
    answer = inTime(probing);
    return answer;
  };
}

async function inTime(probe: Promise<string | undefined>): Promise<string | undefined> {
  const isOver = new AbortController();
  const late = sleep(TIMEOUT_MS, `the store did not answer within ${TIMEOUT_MS / 1000} s`, {
    ref: false,
    signal: isOver.signal,
  }).catch(() => undefined);
  const reason = await Promise.race([probe, late]);
  isOver.abort();
  return reason;
}

function reasonOf(error: unknown): string {
  if (!isModhavenError(error)) return errorMessage(error);
  return [error.message, error.reason].filter((part) => part !== undefined).join(': ');
}
