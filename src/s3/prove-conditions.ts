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
  read(): Promise<Buffer | undefined>;
}

/** What is wrong with the object store: the reason and the remedy. */
export interface Unusable {
  reason: string;
  remedy?: string;
}

/** Undefined for an object store that can be used. Throws what the object throws. */
export async function proveConditions(object: ProbedObject): Promise<Unusable | undefined> {
  const isMade = await object.write(object.content, { ifAbsent: true });
  if (!isMade || (await object.read())?.equals(object.content) !== true) {
    return { reason: 'what was written is not what is read' };
  }
  const other = Buffer.from('other');
  const wrong = `"${createHash('md5').update('none').digest('hex')}"`;
  const ignored = (await object.write(other, { ifAbsent: true }))
    ? 'of writes (If-None-Match)'
    : (await object.write(other, { ifMatch: wrong }))
      ? 'of writes (If-Match)'
      : (await object.writeInParts(other, { ifAbsent: true }))
        ? 'of uploads in parts (If-None-Match)'
        : undefined;
  if (ignored === undefined) return undefined;
  return {
    reason: `it ignores the conditions ${ignored}, so replicas could give a version two contents`,
    remedy: 'use an object store that has conditional writes, or store: disk',
  };
}
