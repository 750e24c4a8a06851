/** What the objects of a bucket say of themselves beside their bytes. */
import { createHash } from 'node:crypto';
import type { ObjectHead, PutOptions } from '../../s3/bucket.js';
import { zipHashIn } from '../part-problem.js';
import { CONTENT_TYPES, type PartKind } from '../version-store.js';

/** Names of what is written beside the bytes, in lower case. */
const META = { sha256: 'modhaven-sha256', zipHash: 'modhaven-h1' } as const;

/** What is written with a small part. */
export function describeText(kind: PartKind, bytes: Buffer): Pick<PutOptions, 'contentType' | 'meta'> {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { contentType: CONTENT_TYPES[kind], meta: { [META.sha256]: digest } };
}

/** What is written with a zip: its SHA-256 in hex and, where it is known, its `h1:` hash. */
export function describeZip(
  sha256: string,
  zipHash: string | undefined,
): Pick<PutOptions, 'contentType' | 'meta'> {
  const meta = { [META.sha256]: sha256, ...(zipHash !== undefined && { [META.zipHash]: zipHash }) };
  return { contentType: CONTENT_TYPES.zip, meta };
}

/** The SHA-256 that the writer of an object named; undefined for one that another program put there. */
export function namedSha256({ meta }: ObjectHead): string | undefined {
  return meta[META.sha256];
}

/** The `h1:` hash that the writer of a zip named. */
export function namedZipHash({ meta }: ObjectHead): string | undefined {
  return zipHashIn(Buffer.from(meta[META.zipHash] ?? ''));
}
