/**
 * Connections that an ssh host closes before it says anything. sshd does so at random where ten others have not logged in yet
 * (sshd_config(5), MaxStartups), as when a build begins: nothing was asked, and a moment later it takes the connection. A port
 * where no ssh server is looks the same, so it is tried again a few times only.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GitFailure } from '../transport/git-exec.js';

/** Waits before the `attempt`th try again, from 1 on. */
export type Pause = (attempt: number) => Promise<void>;

const MAX_RETRIES = 2;
/** Of the first pause, in milliseconds; that before the second is three times as long. At random, so that callers do not meet again. */
const PAUSE_MS = { shortest: 100, longest: 500 };

const TURNED_AWAY = /kex_exchange_identification: (?:read: )?Connection (?:closed|reset)/;

/** Whether ssh says that the host closed the connection before it named itself. */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof GitFailure && TURNED_AWAY.test(error.stderr);
}

/** `work`, which begins a session with a host, again where the host turned it away. Throws what it throws at last. */
export async function retryTurnedAway<T>(work: () => Promise<T>, pause: Pause = pauseAtRandom): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > MAX_RETRIES || !isTurnedAway(error)) throw error;
      await pause(attempt);
    }
  }
}

async function pauseAtRandom(attempt: number): Promise<void> {
  const { shortest, longest } = PAUSE_MS;
  await sleep((shortest + Math.random() * (longest - shortest)) * 3 ** (attempt - 1));
}
