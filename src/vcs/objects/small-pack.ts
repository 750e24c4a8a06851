/**
 * Reads whole packs that are small (gitformat-pack(5)). To start `git index-pack` for one takes longer than that, and
 * while it forks, this process stands still. Pure.
 */
import { createHash } from 'node:crypto';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { hashAt, type ObjectHash } from '../names/object-name.js';
import { HASH_BYTES, type ObjectFormat } from './object-format.js';
import type { GitObject } from './object-stream.js';

/** An object and where it is. */
export interface PackedObject extends GitObject {
  /** In the pack, in bytes. */
  offset: number;
  /** Of what it takes there. */
  crc: number;
}

/** Not a pack, or one that git should judge. */
export class NotSmall extends Error {}

/** A thin pack: some of its deltas have bases that are elsewhere. */
export class ThinPack extends NotSmall {
  /** Hashes of the bases that are not in it. */
  readonly bases: readonly ObjectHash[];

  constructor(bases: readonly ObjectHash[]) {
    super('it needs objects that are elsewhere');
    this.bases = bases;
  }
}

export interface PackLimits {
  objects: number;
  /** Of all objects together. */
  bytes: number;
}

/** Reading more at once would keep others waiting. */
export const SMALL_PACK_LIMITS: PackLimits = { objects: 300, bytes: 4 * 1024 * 1024 };

const TYPES: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFS_DELTA = 6;
const REF_DELTA = 7;
const HEADER = 12;

/** The objects of a pack that needs no other, in its order. Throws `NotSmall`, and `ThinPack` where it needs another. */
export function readSmallPack(pack: Buffer, format: ObjectFormat, limits: PackLimits): PackedObject[] {
  const hashBytes = HASH_BYTES[format];
  const end = pack.length - hashBytes;
  if (end < HEADER || pack.toString('latin1', 0, 4) !== 'PACK' || pack.readUInt32BE(4) !== 2) {
    throw new NotSmall('not a pack of version 2');
  }
  if (!createHash(format).update(pack.subarray(0, end)).digest().equals(pack.subarray(end))) {
    throw new NotSmall('the sum at its end is wrong');
  }
  const count = pack.readUInt32BE(8);
  if (count > limits.objects) throw new NotSmall('too many objects');

  const byOffset = new Map<number, PackedObject>();
  const byHash = new Map<string, PackedObject>();
  const waiting: { entry: PackEntry; base: number | ObjectHash; offset: number; crc: number }[] = [];
  let left = limits.bytes;

  function keep(bytes: Buffer): void {
    left -= bytes.length;
    if (left < 0) throw new NotSmall('too large');
  }

  function add(type: string, content: Buffer, offset: number, crc: number): void {
    keep(content);
    const object = { ...named(type, content, format), offset, crc };
    byOffset.set(offset, object);
    byHash.set(object.hash, object);
  }

  let at = HEADER;
  for (let i = 0; i < count; i += 1) {
    const entry = readEntry(pack.subarray(0, end), at, hashBytes, left);
    const crc = crc32(pack.subarray(at, entry.end));
    const type = TYPES[entry.type];
    if (type === undefined) keep(entry.data);
    if (type !== undefined) add(type, entry.data, at, crc);
    else if (entry.type === OFS_DELTA) waiting.push({ entry, base: at - entry.distance, offset: at, crc });
    else if (entry.base !== undefined) waiting.push({ entry, base: entry.base, offset: at, crc });
    else throw new NotSmall('an unknown kind of object');
    at = entry.end;
  }
  if (at !== end) throw new NotSmall('more than it says');

  // A delta may come before what it is based on.
  while (waiting.length > 0) {
    const before = waiting.length;
    for (const delta of waiting.splice(0)) {
      const base = typeof delta.base === 'number' ? byOffset.get(delta.base) : byHash.get(delta.base);
      if (base === undefined) waiting.push(delta);
      else add(base.type, applyDelta(base.content, delta.entry.data, left), delta.offset, delta.crc);
    }
    if (waiting.length === before) {
      const names = new Set(waiting.map(({ base }) => base));
      throw new ThinPack([...names].filter((name) => typeof name === 'string'));
    }
  }
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset);
}

/**
 * The objects that the beginning of a pack holds, in its order, up to one that is cut off, not based on what came before it, or
 * beyond `limits`.
 */
export function* objectsAtBeginning(
  begin: Buffer,
  format: ObjectFormat,
  limits: PackLimits,
): Generator<GitObject, undefined> {
  const byOffset = new Map<number, GitObject>();
  const byHash = new Map<string, GitObject>();
  let left = limits.bytes;
  for (let at = HEADER, count = 0; count < limits.objects; count += 1) {
    const read = wholeObjectAt(begin, at, { format, left, byOffset, byHash });
    if (read === undefined) return;
    const { object, end } = read;
    left -= object.content.length;
    byOffset.set(at, object);
    byHash.set(object.hash, object);
    yield object;
    at = end;
  }
}

/** The object at `at`, and where it ends; undefined where it is not whole, or needs what is not known. */
function wholeObjectAt(
  pack: Buffer,
  at: number,
  known: {
    format: ObjectFormat;
    left: number;
    byOffset: ReadonlyMap<number, GitObject>;
    byHash: ReadonlyMap<string, GitObject>;
  },
): { object: GitObject; end: number } | undefined {
  const { format, left, byOffset, byHash } = known;
  try {
    const entry = readEntry(pack, at, HASH_BYTES[format], left);
    const type = TYPES[entry.type];
    const base = entry.type === OFS_DELTA ? byOffset.get(at - entry.distance) : byHash.get(entry.base ?? '');
    if (type !== undefined) return { object: named(type, entry.data, format), end: entry.end };
    if (base === undefined) return undefined;
    return { object: named(base.type, applyDelta(base.content, entry.data, left), format), end: entry.end };
  } catch (error) {
    if (error instanceof NotSmall) return undefined;
    throw error;
  }
}

function named(type: string, content: Buffer, format: ObjectFormat): GitObject {
  const hash = createHash(format).update(`${type} ${content.length}\0`).update(content).digest('hex');
  return { hash, type, content };
}

/** A pack of `objects`. */
export function encodePack(objects: readonly GitObject[], format: ObjectFormat): Buffer {
  const header = Buffer.alloc(HEADER);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  return withSum([header, ...objects.flatMap(encodeEntry)], format);
}

function encodeEntry({ type, content }: GitObject): Buffer[] {
  return [entryHeader(type, content.length), deflateSync(content)];
}

/** What `parts` make, with its sum behind it. */
function withSum(parts: readonly Buffer[], format: ObjectFormat): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([content, createHash(format).update(content).digest()]);
}

/** A thin pack with the `bases` that it needs behind what it has, as `git index-pack --fix-thin` completes one. */
export function completePack(pack: Buffer, bases: readonly GitObject[], format: ObjectFormat): Buffer {
  const header = Buffer.from(pack.subarray(0, HEADER));
  header.writeUInt32BE(pack.readUInt32BE(8) + bases.length, 8);
  const own = pack.subarray(HEADER, pack.length - HASH_BYTES[format]);
  return withSum([header, own, ...bases.flatMap(encodeEntry)], format);
}

/** Type and size of an object that is not a delta. */
function entryHeader(type: string, size: number): Buffer {
  const number = Object.keys(TYPES).find((key) => TYPES[Number(key)] === type);
  const bytes = [(Number(number) << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

interface PackEntry {
  type: number;
  data: Buffer;
  /** How far back the base is, of an `OFS_DELTA`. */
  distance: number;
  /** The hash of the base, of a `REF_DELTA`. */
  base: ObjectHash | undefined;
  /** Where the next entry begins. */
  end: number;
}

function readEntry(pack: Buffer, start: number, hashBytes: number, maxBytes: number): PackEntry {
  let at = start;
  let byte = byteAt(pack, at++);
  const type = (byte >> 4) & 7;
  let size = byte & 0x0f;
  for (let unit = 16; byte >= 0x80; unit *= 128) {
    byte = byteAt(pack, at++);
    size += (byte & 0x7f) * unit;
  }
  if (size > maxBytes) throw new NotSmall('too large');
  let distance = 0;
  let base: ObjectHash | undefined;
  if (type === OFS_DELTA) {
    byte = byteAt(pack, at++);
    distance = byte & 0x7f;
    while (byte >= 0x80) {
      byte = byteAt(pack, at++);
      distance = (distance + 1) * 128 + (byte & 0x7f);
    }
  } else if (type === REF_DELTA) {
    base = hashAt(pack, at, at + hashBytes);
    at += hashBytes;
  }
  const { data, read } = inflate(pack.subarray(at), size);
  return { type, data, distance, base, end: at + read };
}

/** The `size` bytes that `bytes` begin with deflated, and how many they take there. */
function inflate(bytes: Buffer, size: number): { data: Buffer; read: number } {
  try {
    // With `info` the answer is an object, which the types do not say.
    const options = { info: true, maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) };
    const { buffer, engine } = inflateSync(bytes, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    if (buffer.length === size) return { data: buffer, read: engine.bytesWritten };
  } catch (error) {
    throw new NotSmall('an object cannot be inflated', { cause: error });
  }
  throw new NotSmall('an object has another size than it says');
}

/** What `delta` makes of `base` (gitformat-pack(5), "Deltified representation"). */
function applyDelta(base: Buffer, delta: Buffer, maxBytes: number): Buffer {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = byteAt(delta, at++);
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  /** The bytes of a number that `flags` say are there, the lowest first. */
  const parts = (flags: number, count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1) if ((flags >> i) & 1) value += byteAt(delta, at++) * 2 ** (8 * i);
    return value;
  };
  const baseSize = number();
  const size = number();
  if (baseSize !== base.length || size > maxBytes) throw new NotSmall('a delta of something else');
  const result = Buffer.alloc(size);
  let written = 0;
  while (at < delta.length) {
    const instruction = byteAt(delta, at++);
    let piece: Buffer;
    if (instruction >= 0x80) {
      const from = parts(instruction, 4);
      const length = parts(instruction >> 4, 3) || 0x10000;
      piece = base.subarray(from, from + length);
      if (piece.length !== length) throw new NotSmall('a delta that copies more than there is');
    } else {
      piece = delta.subarray(at, at + instruction);
      at += instruction;
      if (instruction === 0 || piece.length !== instruction) throw new NotSmall('a delta that is cut off');
    }
    if (written + piece.length > size) throw new NotSmall('a delta that makes too much');
    written += piece.copy(result, written);
  }
  if (written !== size) throw new NotSmall('a delta that makes too little');
  return result;
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new NotSmall('it is cut off');
  return byte;
}
