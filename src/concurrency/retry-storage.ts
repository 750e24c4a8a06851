/** Repeats what fails for a moment, as reads of a store over a network may. */
import { isModhavenError } from '../errors.js';

export interface RetryOptions<T> {
  /** The waits before each further try, in milliseconds. */
  retryMs?: readonly number[] | undefined;
  /** Whether a result is taken before the last time. Default: any. */
  isFinal?: (result: T) => boolean;
}

const RETRY_MS = [500, 4_000];

/** The result of `work`, run again where it throws STORAGE or its result is not final. Throws what the last run throws. */
export async function retryStorage<T>(
  work: () => Promise<T>,
  { retryMs = RETRY_MS, isFinal = () => true }: RetryOptions<T> = {},
): Promise<T> {
  for (const wait of retryMs) {
    try {
      const result = await work();
      if (isFinal(result)) return result;
    } catch (error) {
      if (!isModhavenError(error, 'STORAGE')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return work();
}
