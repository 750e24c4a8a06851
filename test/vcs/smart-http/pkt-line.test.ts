import { describe, expect, it } from 'vitest';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import { packet, packets } from '../../../src/vcs/smart-http/pkt-line.js';
import { inPieces } from './pieces.js';

/** All packets of `text`, those with bytes as `'…`, the others by their names. */
async function read(text: string, size?: number): Promise<string[]> {
  const all: string[] = [];
  for await (const found of packets(inPieces(text, size))) {
    all.push(...found.map((each) => (typeof each === 'string' ? each : `'${each.toString('latin1')}`)));
  }
  return all;
}

describe('packet', () => {
  it('counts its own four digits', () => {
    expect(packet('')).toBe('0004');
    expect(packet('a\n')).toBe('0006a\n');
    expect(packet('x'.repeat(65_516)).slice(0, 5)).toBe('fff0x');
  });
});

describe('packets', () => {
  const TEXT = `0006a\n0001${packet('')}0009hello0002${packet('# 0000 in a packet\n')}0000`;
  const PACKETS = ["'a\n", 'delimiter', "'", "'hello", 'end', "'# 0000 in a packet\n", 'flush'];

  it.each(Array.from({ length: TEXT.length }, (_, i) => i + 1))(
    'reads the same from pieces of %i bytes',
    async (size) => {
      expect(await read(TEXT, size)).toEqual(PACKETS);
    },
  );

  it('reads the longest packet there is, digits in either case, and nothing', async () => {
    const longest = 'x'.repeat(65_516);
    expect(await read(`fff0${longest}FFF0${longest}`, 1_000)).toEqual([`'${longest}`, `'${longest}`]);
    expect(await read('')).toEqual([]);
  });

  it('hands out what came together at once, and does not wait for the rest', async () => {
    const found = packets(inPieces(`${packet('a')}${packet('b')}0005`, 12));
    expect((await found.next()).value).toEqual([Buffer.from('a'), Buffer.from('b')]);
  });

  it.each(['0003', 'fff1', 'ffff', '-001', ' 005a', '0x05', '+004', 'xyz0', '<htm', '\r\n\r\n', '00 4'])(
    'takes %j for no length',
    async (digits) => {
      const reading = read(`${packet('good')}${digits}${'x'.repeat(70_000)}`);
      await expect(reading).rejects.toThrow(FallbackToGit);
      await expect(reading).rejects.toThrow('not made of packets');
    },
  );

  it('takes no answer for complete that ends in the middle of a packet', async () => {
    const text = `${packet('one')}${packet('two')}`;
    for (let end = 0; end <= text.length; end += 1) {
      const reading = read(text.slice(0, end));
      const whole = { 0: [], 7: ["'one"], 14: ["'one", "'two"] }[end];
      if (whole === undefined) await expect(reading).rejects.toThrow('middle of a packet');
      else expect(await reading).toEqual(whole);
    }
  });

  it('closes a source that is not read to its end', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield await Promise.resolve(Buffer.from(packet('again')));
      } finally {
        closed = true;
      }
    }
    for await (const found of packets(endless())) if (found.length > 0) break;
    expect(closed).toBe(true);
  });
});
