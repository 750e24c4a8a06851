import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EntryRecorder, NotedEntries } from '../../src/zip/entry-record.js';
import { newEntry } from '../../src/zip/records.js';

const ZIP = { version: 'v1.0.0', hash: 'h1:x', directory: { start: 10, size: 20, sha256: 'ab' } };
const SHA256 = 'cd'.repeat(32);

function record(...ids: string[]): Buffer {
  const recorder = new EntryRecorder();
  for (const [i, id] of ids.entries()) {
    const entry = newEntry('m@v1.0.0/größe', 0x0808, 8, 1_000 * i);
    recorder.add(id, SHA256, Object.assign(entry, { crc: 0xfedcba98, compressed: 7, size: 9 }));
  }
  return recorder.encode(ZIP) ?? Buffer.alloc(0);
}

describe('a record of the entries of a zip', () => {
  it.each([20, 32])('tells of a blob with an id of %i bytes where its data is', (idBytes) => {
    const ids = [1, 2, 3].map(() => randomBytes(idBytes).toString('hex'));
    const noted = NotedEntries.decode(record(...ids));
    expect(noted?.zip).toEqual(ZIP);
    expect(noted?.find(ids[2] ?? '')).toEqual({
      sha256: SHA256,
      flags: 0x0808,
      method: 8,
      crc: 0xfedcba98,
      compressed: 7,
      size: 9,
      dataStart: 2_000 + 30 + Buffer.byteLength('m@v1.0.0/größe'),
    });
    expect(noted?.find('00'.repeat(idBytes))).toBeUndefined();
  });

  it('is nothing where nothing was noted', () => {
    expect(new EntryRecorder().encode(ZIP)).toBeUndefined();
  });

  it('is not believed where a byte of it changed, or is missing', () => {
    const whole = record('ab'.repeat(20), 'cd'.repeat(20));
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(NotedEntries.decode(damaged)).toBeUndefined();
      expect(NotedEntries.decode(whole.subarray(0, at))).toBeUndefined();
    }
  });
});
