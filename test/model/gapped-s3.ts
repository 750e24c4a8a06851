/**
 * The object store as one process sees it through the AWS SDK: all of them share `store`, each attempt of each request passes
 * the gaps, and what fails in passing is sent again on the terms of the server's own client.
 */
import * as sdk from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { RetriesPerRequest } from '../../src/s3/retries.js';
import { S3Bucket } from '../../src/s3/s3-bucket.js';
import { MAX_ATTEMPTS, type S3Client } from '../../src/s3/s3-client.js';
import { s3Failure, type MemoryS3 } from '../support/stores/memory-s3.js';
import { settingsOf } from '../support/hosts/s3-host.js';
import { Killed, type Fault, type Gaps, type Life } from './gaps.js';

/** Larger files are sent in parts of this size: a few of them make an upload, not megabytes. */
export const PART_BYTES = 64;
// S3 would take no parts below 5 MiB, but for the last one.
Reflect.set(Upload, 'MIN_PART_SIZE', PART_BYTES);

/** The program's own bucket, for one process. */
export function gappedBucket(store: MemoryS3, gaps: Gaps, life: Life): S3Bucket {
  const retries = new RetriesPerRequest(MAX_ATTEMPTS);

  async function send(command: unknown): Promise<object> {
    let token = await retries.acquireInitialRetryToken();
    for (;;) {
      try {
        return await gaps.pass(life, () => store.carryOut(command), failureOf);
      } catch (error) {
        const errorType = error instanceof StruckRequest ? error.errorType : undefined;
        if (errorType === undefined) throw error;
        token = await retries.refreshRetryTokenForRetry(token, { errorType }).catch(() => {
          throw error;
        });
        await gaps.sleep(life, Math.ceil(token.getRetryDelay()));
      }
    }
  }

  const client = { send, config: { requestChecksumCalculation: () => Promise.resolve('WHEN_REQUIRED') } };
  return new S3Bucket(settingsOf('http://s3.model', 'model'), {
    open: () => Promise.resolve({ sdk, client } as unknown as S3Client),
    partBytes: PART_BYTES,
  });
}

/** Whether an error is what a fault, or a kill, makes of a request, however it was passed on. */
export function isStruck(error: unknown): boolean {
  if (error instanceof StruckRequest || error instanceof Killed) return true;
  return error instanceof Error && error.cause !== undefined && isStruck(error.cause);
}

/** The failure of a request that a fault struck, as the SDK has it. */
class StruckRequest extends Error {
  readonly errorType: 'TRANSIENT' | 'THROTTLING' | undefined;

  constructor(errorType: 'TRANSIENT' | 'THROTTLING' | undefined, like: object) {
    super('a fault of the model');
    this.errorType = errorType;
    Object.assign(this, like);
  }
}

function failureOf(fault: Fault): Error {
  switch (fault) {
    case 'unsent':
    case 'unheard':
      return new StruckRequest('TRANSIENT', { code: 'ECONNRESET' });
    case 'error':
    case 'late error':
      return new StruckRequest('TRANSIENT', s3Failure('InternalError', 500));
    case 'overloaded':
      return new StruckRequest('THROTTLING', s3Failure('SlowDown', 503));
    case 'conflict':
      return new StruckRequest(undefined, s3Failure('ConditionalRequestConflict', 409));
  }
}
