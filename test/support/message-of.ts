import { ModhavenError } from '../../src/errors.js';

/** The message of the CONFIG error that `run` throws. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ModhavenError && error.code === 'CONFIG') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}
