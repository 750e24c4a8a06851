import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  describeText,
  describeZip,
  namedSha256,
  namedZipHash,
} from '../../../src/store/bucket/object-meta.js';

const HASH = `h1:${Buffer.alloc(32, 7).toString('base64')}`;
const headOf = (meta: Readonly<Record<string, string>> = {}) => ({
  size: 1,
  etag: '"x"',
  modifiedAt: 0,
  meta,
});

it('names what was written, and nothing of what another program wrote', () => {
  const sha256 = createHash('sha256').update('PK').digest('hex');
  const zip = headOf(describeZip(sha256, HASH).meta);
  expect([namedSha256(zip), namedZipHash(zip)]).toEqual([sha256, HASH]);
  expect(namedZipHash(headOf(describeZip(sha256, undefined).meta))).toBeUndefined();
  expect(namedSha256(headOf(describeText('mod', Buffer.from('PK')).meta))).toBe(sha256);
  expect([namedSha256(headOf()), namedZipHash(headOf())]).toEqual([undefined, undefined]);
});

it('takes nothing for the hash of a zip that is none', () => {
  expect(namedZipHash(headOf({ 'modhaven-h1': 'h1:x\r\nset-cookie: a' }))).toBeUndefined();
});
