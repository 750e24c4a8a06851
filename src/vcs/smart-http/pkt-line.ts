/** The frames that git's protocols are made of (gitprotocol-common(5), "pkt-line Format"). */
import { FallbackToGit } from './fallback-to-git.js';

/** A packet that carries bytes, or one of the three that only divide. */
export type Packet = Buffer | 'flush' | 'delimiter' | 'end';

export const FLUSH = '0000';
export const DELIMITER = '0001';

/** Four digits of length, themselves included, in front of the text. */
const PREFIX = 4;

/** The longest packet there is: `fff0`. */
const MAX_PACKET = 65_520;

/** `text` (ASCII) as a packet. */
export function packet(text: string): string {
  return (text.length + PREFIX).toString(16).padStart(PREFIX, '0') + text;
}

/**
 * The packets of `source`, as many at a time as came together. Throws `FallbackToGit` where it is something else, or ends in the
 * middle of a packet.
 */
export async function* packets(source: AsyncIterable<Buffer>): AsyncGenerator<Packet[], undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const found: Packet[] = [];
    let at = 0;
    while (bytes.length - at >= PREFIX) {
      const length = lengthAt(bytes, at);
      const divider = DIVIDERS[length];
      if (divider !== undefined) {
        found.push(divider);
        at += PREFIX;
        continue;
      }
      if (bytes.length - at < length) break;
      found.push(bytes.subarray(at + PREFIX, at + length));
      at += length;
    }
    rest = bytes.subarray(at);
    if (found.length > 0) yield found;
  }
  if (rest.length > 0) throw new FallbackToGit('the answer ends in the middle of a packet');
}

/** By their length. */
const DIVIDERS: readonly Packet[] = ['flush', 'delimiter', 'end'];

function lengthAt(bytes: Buffer, at: number): number {
  const digits = bytes.toString('latin1', at, at + PREFIX);
  const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
  if (length < 0 || length === 3 || length > MAX_PACKET) {
    throw new FallbackToGit('the answer is not made of packets');
  }
  return length;
}
