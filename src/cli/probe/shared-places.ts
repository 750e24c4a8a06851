/** Whether what replicas share, the bucket and Redis, can be used. */
import type { Config } from '../../config/load-config.js';
import { isModhavenError } from '../../errors.js';
import { tryRedis } from '../../redis/try-redis.js';
import type { Stores } from '../../store/open/open-stores.js';
import { asProblem, type ServeProblem, type ServeProblems } from './serve-problems.js';

/** A bucket that cannot be used is a problem; a Redis that cannot, a warning, because replicas do without it. */
export async function sharedPlaceProblems(
  { redis, vcsConnectTimeoutMs: timeoutMs }: Pick<Config, 'redis' | 'vcsConnectTimeoutMs'>,
  { bucket }: Pick<Stores, 'bucket'>,
): Promise<ServeProblems> {
  const [ofBucket, ofRedis] = await Promise.all([
    bucket && bucketProblem(bucket),
    redis === undefined ? undefined : tryRedis(redis, timeoutMs),
  ]);
  return {
    problems: ofBucket === undefined ? [] : [ofBucket],
    warnings: ofRedis === undefined ? [] : [redisWarning(ofRedis)],
  };
}

async function bucketProblem(bucket: NonNullable<Stores['bucket']>): Promise<ServeProblem | undefined> {
  try {
    await bucket.probe();
    return undefined;
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    return asProblem('store.s3', error);
  }
}

function redisWarning(words: string): ServeProblem {
  return {
    setting: 'redis',
    problem: `Redis cannot be used, and each replica does all work itself: ${words}`,
    remedy: 'check redis: in modhaven.yaml, and the Redis itself',
  };
}
