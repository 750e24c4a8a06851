/** Answers of a host, as they arrive: bytes in pieces of any size. */
import { packet, packets, type Packet } from '../../../src/vcs/smart-http/pkt-line.js';

/** `bytes` in pieces of `size` bytes; the last may be shorter. */
export function inPieces(bytes: Buffer | string, size = Infinity): AsyncIterable<Buffer> {
  const all = Buffer.from(bytes as string, 'latin1');
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; at += size) pieces.push(all.subarray(at, at + size));
  return (async function* () {
    for (const piece of pieces) yield await Promise.resolve(piece);
  })();
}

/** Packets without those that only divide: these are written as they are (`0000`). */
export function answer(...lines: string[]): string {
  return lines.map((line) => (/^000[012]$/.test(line) ? line : packet(line))).join('');
}

/** What a reader of packets makes of `answer`. */
export function heard(...lines: string[]): AsyncIterable<Packet[]> {
  return packets(inPieces(answer(...lines)));
}
