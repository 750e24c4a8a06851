import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  SIZES_FOLLOW,
  STORED,
  UTF8_NAMES,
  dataDescriptor,
  directoryHeader,
  endOfDirectory,
  localHeader,
  newEntry,
} from '../../src/zip/records.js';
import { readZip } from './read-zip.js';

/** One stored file after `gap` bytes, with its sizes in the header or behind the data. */
function archive(content: Buffer, flags: number, gap: number): Buffer {
  const entry = newEntry('m@v1/größe', flags, STORED, gap);
  const sizes = { crc: crc32(content), compressed: content.length, size: content.length };
  const before = flags & SIZES_FOLLOW ? localHeader(entry) : localHeader({ ...entry, ...sizes });
  Object.assign(entry, sizes);
  const after = flags & SIZES_FOLLOW ? dataDescriptor(entry) : Buffer.alloc(0);
  const start = gap + before.length + content.length + after.length;
  const directory = directoryHeader(entry);
  return Buffer.concat([
    ...[Buffer.alloc(gap), before, content, after, directory],
    endOfDirectory(1, start, directory.length),
  ]);
}

describe('records of a zip', () => {
  it.each([
    { name: 'with sizes in the header', flags: UTF8_NAMES, gap: 0 },
    { name: 'with sizes behind the data', flags: UTF8_NAMES | SIZES_FOLLOW, gap: 0 },
    { name: 'not at the beginning of the archive', flags: UTF8_NAMES, gap: 1_000 },
  ])('describe a file $name as another implementation reads it', async ({ flags, gap }) => {
    const content = Buffer.from('content\n');
    const [file, ...more] = await readZip(archive(content, flags, gap));
    expect(more).toEqual([]);
    expect(file?.name).toBe('m@v1/größe');
    expect(file?.content.equals(content)).toBe(true);
    expect(file?.entry.crc32).toBe(crc32(content));
  });

  it('end with zip64 records from 65,535 entries on', () => {
    expect(endOfDirectory(0xfffe, 1, 2)).toHaveLength(22);
    const end = endOfDirectory(0xffff, 1, 2);
    expect(end).toHaveLength(56 + 20 + 22);
    expect(end.readBigUInt64LE(24)).toBe(0xffffn);
    expect(end.readBigUInt64LE(56 + 8)).toBe(3n);
  });
});
