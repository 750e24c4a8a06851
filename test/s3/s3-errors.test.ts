import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import {
  bucketError,
  isAbsent,
  isConditionFailed,
  isConflict,
  isLostUpload,
  isOfOneAction,
  isOfOneObject,
  isRefusal,
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
    ['ETIMEDOUT', undefined, 'it did not answer in time (ETIMEDOUT)'],
  ])('puts %s into words', (name, status, reason) => {
    expect(bucketError('bucket b', failure(name, status))).toMatchObject({
      code: 'STORAGE',
      message: 'the bucket b cannot be used',
      reason,
    });
  });

  it('says in one line what it has no words for', () => {
    expect(bucketError('b', new Error('Region is missing')).reason).toBe(
      'neither store.s3.region nor AWS_REGION names its region',
    );
    expect(bucketError('b', new Error('first\nsecond')).reason).not.toContain('\n');
  });

  it('knows what the operating system says, and leaves errors that have words', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(bucketError('b', refused).reason).toBe('nothing listens at its address (ECONNREFUSED)');
    const known = new ModhavenError('STORAGE', 'x');
    expect(bucketError('b', known)).toBe(known);
  });
});

describe('bucketError of a request', () => {
  it('names it, and where a right is missing the right', () => {
    const { reason, remedy } = bucketError('b', failure('AccessDenied', 403), 'ListObjectsV2');
    expect(reason).toBe('the credentials have no right to do that (ListObjectsV2: AccessDenied, status 403)');
    expect(remedy).toBe('give the credentials of the server s3:ListBucket on the bucket');
    expect(bucketError('b', failure('SignatureDoesNotMatch', 403), 'GetObject').remedy).toContain('store.s3');
  });

  it('knows what says nothing of other requests, and what says that the bucket is there', () => {
    const failures = [
      failure('AccessDenied', 403),
      failure('XMinioStorageFull', 507),
      failure('SlowDown', 503),
    ];
    expect(failures.map(isOfOneAction)).toEqual([true, true, false]);
    const absences = [
      failure('NoSuchKey', 404),
      failure('PreconditionFailed', 412),
      failure('NotFound', 404),
    ];
    expect(absences.map(isOfOneObject)).toEqual([true, true, false]);
    expect([...absences, ...failures].map(isRefusal)).toEqual([true, true, true, false, false, false]);
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
