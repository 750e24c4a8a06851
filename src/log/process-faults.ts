/**
 * What no fence caught, caught for the whole process.
 *
 * To go on is safe here for three reasons. Nothing on disk is ever half changed where a reader can see it: files appear by
 * a link or rename of a finished one. Nothing in memory is the only record of anything. And what a fault leaves unfinished
 * ends by its own deadline: each git command, each request to a host and each client connection has one. What is not safe
 * is a program that does nothing but fail: too many faults within a minute end it, so that whatever watches over it starts
 * it anew.
 */
import type { Faults } from './faults.js';

/** Faults of this kind within `WINDOW_MS` that end the process. */
const MAX_FAULTS = 20;
const WINDOW_MS = 60_000;

/** From now on what is thrown outside of every fence is logged and counted. `giveUp` ends the process. */
export function keepServing(faults: Pick<Faults, 'caught'>, giveUp: () => void): void {
  const times: number[] = [];
  const caught = (where: string) => (error: unknown) => {
    faults.caught(error, where);
    const now = performance.now();
    times.push(now);
    while ((times[0] ?? now) < now - WINDOW_MS) times.shift();
    if (times.length > MAX_FAULTS) giveUp();
  };
  process.on('uncaughtException', caught('process'));
  process.on('unhandledRejection', caught('promise'));
}
