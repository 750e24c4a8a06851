/** When a request to the bucket is sent again. */
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** The kind that says itself how long to wait, in the words of the SDK. */
type RetryStrategy = Extract<
  NonNullable<S3ClientConfig['retryStrategy']>,
  { refreshRetryTokenForRetry: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;
type RetryErrorInfo = Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1];

/** A wait is chosen by chance below this, and below its double after each attempt; in milliseconds. */
const WAIT_MS = { TRANSIENT: 50, THROTTLING: 250 };
/** No wait is longer, whatever the object store asks for: a client of this server waits, too. In milliseconds. */
const MAX_WAIT_MS = 2_000;

/**
 * Sends a request that failed in passing (500, 503, a broken connection) again, with growing waits, `maxAttempts` times in
 * all, whatever became of others.
 *
 * The SDK's own strategies keep one quota for all requests, lest many clients press on a service that fails. A bucket that
 * refuses a third of the requests uses it up in seconds, and from then on each refusal is an error that a build sees,
 * also long after. Here the limit is that of the attempts: an object store is asked `maxAttempts` times as much at most.
 */
export class RetriesPerRequest implements RetryStrategy {
  private readonly maxAttempts: number;

  constructor(maxAttempts: number) {
    this.maxAttempts = maxAttempts;
  }

  acquireInitialRetryToken(): Promise<RetryToken> {
    return Promise.resolve(tokenOf(0, 0));
  }

  /** Rejects where the request is not sent again; the SDK then gives the error of the request. */
  refreshRetryTokenForRetry(
    token: RetryToken,
    { errorType, retryAfterHint }: RetryErrorInfo,
  ): Promise<RetryToken> {
    const retries = token.getRetryCount();
    const isPassing = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
    if (!isPassing || retries + 1 >= this.maxAttempts) return Promise.reject(new Error('not sent again'));
    const chosen = Math.random() * WAIT_MS[errorType] * 2 ** retries;
    const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
    return Promise.resolve(tokenOf(retries + 1, Math.min(MAX_WAIT_MS, Math.max(chosen, asked))));
  }

  recordSuccess(): void {
    // Nothing is counted beyond one request.
  }
}

function tokenOf(count: number, waitMs: number): RetryToken {
  return { getRetryCount: () => count, getRetryDelay: () => waitMs };
}
