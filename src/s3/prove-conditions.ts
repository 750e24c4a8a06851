/**
 * Proves that an object store keeps to the conditions of writes, before anything of value is written: without them two
 * replicas could give one version two contents. An upload in parts is tried as well, because object stores exist that
 * keep to conditions in a single request only.
 */
import { createHash } from 'node:crypto';
import type { PutOptions } from './bucket.js';

/** Writes and reads of one key that nothing else uses. Each write resolves with false where its condition does not hold. */
export interface ProbedObject {
  content: Buffer;
  write(bytes: Buffer, options: PutOptions): Promise<boolean>;
  writeInParts(bytes: Buffer, options: PutOptions): Promise<boolean>;
  read(): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /** Whether it is in the list of the bucket. */
  isListed(): Promise<boolean>;
}

/** What is wrong with the object store: the reason and the remedy. */
export interface Unusable {
  reason: string;
  remedy?: string;
}

/** Undefined for an object store that can be used. Throws what the object throws. */
export async function proveConditions(object: ProbedObject): Promise<Unusable | undefined> {
  if ((await object.read()) !== undefined) return { reason: 'it has what was never written' };
  const isMade = await object.write(object.content, { ifAbsent: true });
  const made = await object.read();
  if (!isMade || made?.bytes.equals(object.content) !== true) {
    return { reason: 'what was written is not what is read' };
  }
  const ignored = await ignoredConditions(object);
  if (ignored !== undefined) {
    return {
      reason: `it ignores the conditions ${ignored}, so replicas could give a version two contents`,
      remedy: 'use an object store that has conditional writes, or store: disk',
    };
  }
  if (!(await object.write(object.content, { ifMatch: made.etag }))) {
    return {
      reason: `it does not know its own ETag again (If-Match: ${made.etag})`,
      remedy: 'look whether something before the object store changes ETags, as what compresses answers does',
    };
  }
  return (await object.isListed()) ? undefined : { reason: 'it does not list what was written' };
}

async function ignoredConditions(object: ProbedObject): Promise<string | undefined> {
  const other = Buffer.from('other');
  const wrong = `"${createHash('md5').update('none').digest('hex')}"`;
  if (await object.write(other, { ifAbsent: true })) return 'of writes (If-None-Match)';
  if (await object.write(other, { ifMatch: wrong })) return 'of writes (If-Match)';
  if (await object.writeInParts(other, { ifAbsent: true })) return 'of uploads in parts (If-None-Match)';
  return undefined;
}
