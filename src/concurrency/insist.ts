/** Asks again what failed in passing, as a store that is reached over a network may. */
import { isModhavenError } from '../errors.js';

export interface InsistOptions<T> {
  /** So much later it is asked again, in milliseconds: as often as there are such waits. */
  retryMs?: readonly number[] | undefined;
  /** Whether a result is taken before the last time. Default: any. */
  isFinal?: (result: T) => boolean;
}

const RETRY_MS = [500, 4_000];

/** What `work` gives; again where it throws STORAGE, or gives what is not final. Throws what it throws the last time. */
export async function insist<T>(
  work: () => Promise<T>,
  { retryMs = RETRY_MS, isFinal = () => true }: InsistOptions<T> = {},
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
