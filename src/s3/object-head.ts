/** What an object store says of an object. */
import type * as Sdk from '@aws-sdk/client-s3';
import type { ObjectHead } from './bucket.js';

type Answer = Pick<Sdk.GetObjectCommandOutput, 'ETag' | 'Metadata' | 'LastModified' | 'ContentEncoding'>;

/** Encodings that change no byte: some object stores name the form in which an object was sent to them. */
const AS_STORED = /^(?:identity|aws-chunked|,|\s)*$/i;

/** `size` in bytes. Throws for an answer that is not of an object store, or not as the object was stored. */
export function headOf(answer: Answer, size: number | undefined): ObjectHead {
  const { ETag: etag = '', Metadata: meta = {}, LastModified, ContentEncoding: encoding = '' } = answer;
  // Conditions are about it; a page of a proxy that stands before the object store has none.
  if (etag === '') throw new Error('its answer has no ETag, so it is not that of an object store');
  if (!AS_STORED.test(encoding)) {
    throw new Error(`its answer was encoded on the way (Content-Encoding: ${encoding})`);
  }
  if (size === undefined) throw new Error('its answer does not say how long it is (Content-Length)');
  return { size, etag, meta, modifiedAt: LastModified?.getTime() ?? 0 };
}
