import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BucketHealth } from '../../src/s3/bucket-health.js';
import { bucketError } from '../../src/s3/s3-errors.js';

const failure = (name: string, status: number) =>
  bucketError('bucket b', Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } }));
const DOWN = failure('InternalError', 500);
const DENIED = failure('AccessDenied', 403);

let health: BucketHealth;
let said: string[];
beforeEach(() => {
  said = [];
  const tell = (_: object, message: string) => said.push(message);
  health = new BucketHealth('bucket b', { info: tell, error: tell });
  vi.useFakeTimers({ toFake: ['performance'] });
  return () => void vi.useRealTimers();
});

describe('BucketHealth', () => {
  it('knows of no problem before there is one', () => {
    health.answered('GetObject');
    expect([health.problem(), said]).toEqual([undefined, []]);
  });

  it('takes any answer for the end of an outage, and says once that it is over, when it stays so', () => {
    health.failed('PutObject', DOWN, false);
    health.failed('GetObject', DOWN, false);
    expect(health.problem()).toContain('it answered 500');
    health.answered('ListObjectsV2');
    expect(health.problem()).toBeUndefined();
    expect(said).toEqual(['the bucket b cannot be used']);
    health.failed('GetObject', DOWN, false); // and again, a moment later
    vi.advanceTimersByTime(11_000);
    health.answered('GetObject');
    expect(said).toEqual(['the bucket b cannot be used', 'the bucket b can be used again']);
    health.failed('GetObject', DOWN, false);
    expect(said).toHaveLength(3);
  });

  it('remembers a right that is missing until the same is answered', () => {
    health.failed('PutObject', DENIED, true);
    vi.advanceTimersByTime(60_000);
    health.answered('GetObject');
    expect(health.problem()).toContain('no right');
    health.answered('PutObject');
    expect(health.problem()).toBeUndefined();
  });
});
