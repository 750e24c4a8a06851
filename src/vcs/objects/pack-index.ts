/** Indexes of packs, version 2 (gitformat-pack(5), "pack-*.idx files"). Pure. */
import { createHash } from 'node:crypto';
import type { ObjectFormat } from './object-format.js';
import type { PackedObject } from './small-pack.js';

const MAGIC = Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]);
const FAN_OUT = 256;
const FAN_OUT_BYTES = FAN_OUT * 4;

/** The index of the pack that holds `objects` and ends in `packSum`. Its offsets must be below 2 GiB. */
export function encodeIndex(objects: readonly PackedObject[], packSum: Buffer, format: ObjectFormat): Buffer {
  const sorted = [...objects].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const fanOut = Buffer.alloc(FAN_OUT_BYTES);
  for (let byte = 0, count = 0; byte < FAN_OUT; byte += 1) {
    while (count < sorted.length && Number.parseInt(sorted[count]?.hash.slice(0, 2) ?? '', 16) <= byte) {
      count += 1;
    }
    fanOut.writeUInt32BE(count, byte * 4);
  }
  const numbers = (of: (object: PackedObject) => number) => {
    const bytes = Buffer.alloc(sorted.length * 4);
    sorted.forEach((object, i) => bytes.writeUInt32BE(of(object), i * 4));
    return bytes;
  };
  const index = Buffer.concat([
    MAGIC,
    fanOut,
    ...sorted.map(({ hash }) => Buffer.from(hash, 'hex')),
    numbers(({ crc }) => crc),
    numbers(({ offset }) => offset),
    packSum,
  ]);
  return Buffer.concat([index, createHash(format).update(index).digest()]);
}

/** Whether `index` lists the object `hash`; undefined where it is not an index of this version. */
export function lists(index: Buffer, hash: string): boolean | undefined {
  if (!index.subarray(0, MAGIC.length).equals(MAGIC) || index.length < MAGIC.length + FAN_OUT_BYTES) {
    return undefined;
  }
  const wanted = Buffer.from(hash, 'hex');
  const first = wanted[0] ?? 0;
  const upTo = (byte: number) => (byte < 0 ? 0 : index.readUInt32BE(MAGIC.length + byte * 4));
  const start = MAGIC.length + FAN_OUT_BYTES;
  if (start + upTo(FAN_OUT - 1) * wanted.length > index.length) return undefined;
  let low = upTo(first - 1);
  let high = upTo(first);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = start + middle * wanted.length;
    const order = index.compare(wanted, 0, wanted.length, at, at + wanted.length);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
