import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import {
  bucketError,
  isAbsent,
  isConditionFailed,
  isConflict,
  isLostUpload,
} from '../../src/s3/s3-errors.js';

/** As the SDK throws it. */
function failure(name: string, status?: number): Error {
  return Object.assign(new Error('text of the server'), { name, $metadata: { httpStatusCode: status } });
}

describe('bucketError', () => {
  it.each([
    ['NoSuchBucket', 404, 'there is no such bucket (NoSuchBucket, status 404)'],
    ['AccessDenied', 403, 'the credentials have no right to do that (AccessDenied, status 403)'],
    ['SignatureDoesNotMatch', 403, 'it does not accept the secret key (SignatureDoesNotMatch, status 403)'],
    ['SlowDown', 503, 'it is overloaded (SlowDown, status 503)'],
    ['InternalError', 500, 'it answered 500 (InternalError, status 500)'],
    [
      'AuthorizationHeaderMalformed',
      400,
      'it is in another region than store.s3.region says (AuthorizationHeaderMalformed, status 400)',
    ],
    // The answer to HEAD has no body that would name the cause.
    [
      'Unknown',
      400,
      'it does not accept the request, as when store.s3.region is wrong (Unknown, status 400)',
    ],
    ['Unknown', 503, 'it is overloaded, or down (Unknown, status 503)'],
    ['CredentialsProviderError', undefined, 'no AWS credentials were found (CredentialsProviderError)'],
    ['Strange', undefined, 'text of the server'],
  ])('puts %s into words', (name, status, reason) => {
    expect(bucketError('bucket b', failure(name, status))).toMatchObject({
      code: 'STORAGE',
      message: 'the bucket b cannot be used',
      reason,
    });
  });

  it('knows what the operating system says, and leaves errors that have words', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(bucketError('b', refused).reason).toBe('nothing listens at its address (ECONNREFUSED)');
    const known = new ModhavenError('STORAGE', 'x');
    expect(bucketError('b', known)).toBe(known);
  });
});

describe('answers that are not outages', () => {
  it('tells a missing object from a missing bucket', () => {
    expect(
      [failure('NoSuchKey', 404), failure('NotFound', 404), failure('NoSuchBucket', 404)].map(isAbsent),
    ).toEqual([true, true, false]);
  });

  it('tells a condition that does not hold from a conflict', () => {
    const [failed, conflict] = [
      failure('PreconditionFailed', 412),
      failure('ConditionalRequestConflict', 409),
    ];
    expect([isConditionFailed(failed), isConditionFailed(conflict)]).toEqual([true, false]);
    expect([isConflict(failed), isConflict(conflict)]).toEqual([false, true]);
    // Stores have names of their own for it.
    expect(isConflict(failure('Conflict', 409))).toBe(true);
  });

  it('tells an upload that is not known from an object that is not there', () => {
    expect([failure('NoSuchUpload', 404), failure('NoSuchKey', 404)].map(isLostUpload)).toEqual([
      true,
      false,
    ]);
  });
});
