import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBufferedSink } from '../../src/zip/buffered-sink.js';

interface Sink {
  sink: Writable;
  pieces: Buffer[];
  /** Takes what it was given last. */
  take: () => void;
}

/** A sink that takes nothing before it is told to. */
function slowSink(highWaterMark: number): Sink {
  const pieces: Buffer[] = [];
  let done = (): void => undefined;
  const sink = new Writable({
    highWaterMark,
    write(piece: Buffer, _encoding, callback) {
      pieces.push(piece);
      done = callback;
    },
  });
  return { sink, pieces, take: () => done() };
}

function fastSink(): { sink: Writable; pieces: Buffer[] } {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return { sink, pieces };
}

describe('createBufferedSink', () => {
  it('passes on the same bytes in the same order, and counts them', () => {
    const writes = fc.array(
      fc.oneof(fc.nat(100), fc.integer({ min: 10_000, max: 80_000 }), fc.constant('flush')),
    );
    fc.assert(
      fc.property(writes, (sizes) => {
        const { sink, pieces } = fastSink();
        const writer = createBufferedSink(sink);
        const expected: Buffer[] = [];
        for (const [i, size] of sizes.entries()) {
          if (typeof size === 'string') {
            writer.flush();
            continue;
          }
          const data = Buffer.alloc(size, i);
          expected.push(Buffer.from(data));
          writer.write(data);
          if (size <= 100) data.fill(0xff); // small ones are copied: they are the caller's again
        }
        writer.flush();
        const bytes = Buffer.concat(expected);
        expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
        expect(writer.written()).toBe(bytes.length);
      }),
    );
  });

  it('makes one write of many small ones', () => {
    const { sink, pieces } = fastSink();
    const writer = createBufferedSink(sink);
    for (let i = 0; i < 1_000; i += 1) writer.write(Buffer.alloc(40));
    expect(pieces).toHaveLength(0);
    writer.flush();
    expect(pieces).toHaveLength(1);
  });

  it('waits for a sink that is full, and not for one that drained while no writer waited', async () => {
    const { sink, take } = slowSink(10);
    const writer = createBufferedSink(sink);
    for (const waitsBefore of [true, false]) {
      writer.write(Buffer.alloc(100));
      expect(writer.isFull()).toBe(false);
      writer.flush();
      expect(writer.isFull()).toBe(true);
      const waiting = waitsBefore ? writer.drained() : undefined;
      const drain = new Promise((resolve) => sink.once('drain', resolve));
      take();
      await drain;
      await (waiting ?? writer.drained());
      expect(writer.isFull()).toBe(false);
    }
  });

  it('throws the error of a sink that is closed', () => {
    const { sink } = fastSink();
    sink.on('error', () => undefined);
    const writer = createBufferedSink(sink);
    writer.write(Buffer.from('x'));
    sink.destroy(new Error('disk full'));
    expect(() => writer.write(Buffer.from('y'))).toThrow('disk full');
  });

  it('rejects for a caller that waits for a sink that is closed', async () => {
    const { sink } = slowSink(1);
    const writer = createBufferedSink(sink);
    writer.write(Buffer.alloc(100));
    writer.flush();
    const waiting = writer.drained();
    sink.destroy();
    await expect(waiting).rejects.toThrow();
  });
});
