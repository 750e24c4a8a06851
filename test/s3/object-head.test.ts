import { expect, it } from 'vitest';
import { headOf } from '../../src/s3/object-head.js';

const LastModified = new Date(5_000);

it('says what an object store says of an object', () => {
  expect(headOf({ ETag: '"a"', Metadata: { x: 'y' }, LastModified }, 7)).toEqual({
    ...{ size: 7, etag: '"a"', meta: { x: 'y' }, modifiedAt: 5_000 },
  });
  expect(headOf({ ETag: '"a"', ContentEncoding: 'aws-chunked,' }, 0)).toMatchObject({ size: 0, meta: {} });
});

it.each([
  [{}, 1, 'no ETag'],
  [{ ETag: '"a"', ContentEncoding: 'gzip' }, 1, 'Content-Encoding: gzip'],
  [{ ETag: '"a"' }, undefined, 'Content-Length'],
])('refuses %j of %s bytes, which something on the way has changed', (answer, size, words) => {
  expect(() => headOf(answer, size)).toThrow(words);
});
