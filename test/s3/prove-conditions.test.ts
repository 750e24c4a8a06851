import { expect, it } from 'vitest';
import { proveConditions, type ProbedObject } from '../../src/s3/prove-conditions.js';
import type { PutOptions } from '../../src/s3/bucket.js';

type Faults = Partial<
  Record<'ifAbsent' | 'ifMatch' | 'inParts' | 'bytes' | 'etag' | 'unlisted' | 'there', boolean>
>;

/** Its ETag is always the same; with the fault, another one is read than is known again. */
function object(ignores: Faults): ProbedObject & { held: () => Buffer | undefined } {
  let held: Buffer | undefined = ignores.there === true ? Buffer.from('x') : undefined;
  const write = (bytes: Buffer, { ifAbsent, ifMatch }: PutOptions, isIgnored: Faults) => {
    const isRefused =
      (ifAbsent === true && held !== undefined && isIgnored.ifAbsent !== true) ||
      (ifMatch !== undefined && ifMatch !== '"etag"' && isIgnored.ifMatch !== true);
    if (!isRefused) held = ignores.bytes === true ? Buffer.from('damaged') : bytes;
    return Promise.resolve(!isRefused);
  };
  return {
    content: Buffer.from('probe'),
    write: (bytes, options) => write(bytes, options, ignores),
    writeInParts: (bytes, options) => write(bytes, options, { ifAbsent: ignores.inParts === true }),
    read: () => Promise.resolve(held && { bytes: held, etag: ignores.etag === true ? 'W/"etag"' : '"etag"' }),
    isListed: () => Promise.resolve(ignores.unlisted !== true),
    held: () => held,
  };
}

it('finds nothing wrong with an object store that keeps to conditions', async () => {
  const good = object({});
  expect(await proveConditions(good)).toBeUndefined();
  expect(good.held()).toEqual(good.content);
});

it.each<[Faults, string]>([
  [{ ifAbsent: true }, 'it ignores the conditions of writes (If-None-Match)'],
  [{ ifMatch: true }, 'it ignores the conditions of writes (If-Match)'],
  [{ inParts: true }, 'it ignores the conditions of uploads in parts (If-None-Match)'],
  [{ bytes: true }, 'what was written is not what is read'],
  [{ etag: true }, 'it does not know its own ETag again'],
  [{ unlisted: true }, 'it does not list what was written'],
  [{ there: true }, 'it has what was never written'],
])('refuses one with %j', async (ignores, reason) => {
  expect((await proveConditions(object(ignores)))?.reason).toContain(reason);
});
