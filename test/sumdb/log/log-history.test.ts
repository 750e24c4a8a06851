/** Reading without a log around it; what a log makes of damage is in `log.test.ts`. */
import { beforeEach, describe, expect, it } from 'vitest';
import { logFiles } from '../../../src/sumdb/log/log-files.js';
import { EMPTY_STATE, isSealedBy, readHistory, type LogState } from '../../../src/sumdb/log/log-history.js';
import { treeOf } from '../../../src/sumdb/log/frontier.js';
import { fill, logLab, record, records, type LogLab } from './log-lab.js';

let lab: LogLab;
beforeEach(async () => {
  lab = await logLab();
});

function read(state: LogState = EMPTY_STATE, ancestor?: { size: number; hash: Buffer }) {
  const seen: string[] = [];
  const next = readHistory(logFiles(lab.dir), state, {
    verifier: lab.signer.verifier,
    onRecord: (text, number) => void (seen[number] = text),
    ancestor,
  });
  return { state: next, seen: Object.values(seen) };
}

describe('readHistory', () => {
  it('is empty where there is no log', () => {
    expect(read()).toEqual({ state: EMPTY_STATE, seen: [] });
  });

  it('tells of each record, in order', async () => {
    await fill(lab.open(), 0, 300);
    const { state, seen } = read();
    expect(seen).toEqual(records(0, 300));
    expect(state).toMatchObject({ sealed: 256, head: { size: 300 } });
    expect(state.tail).toEqual(records(256, 300));
    expect(treeOf(state.frontier).hash).toEqual(state.head?.hash);
  });

  it('goes on where it was', async () => {
    const log = lab.open();
    await fill(log, 0, 200);
    const first = read();
    await fill(log, 200, 260);
    const second = read(first.state);
    expect(second.seen).toEqual(records(200, 260));
    expect(second.state.head).toEqual(read().state.head);
    expect(first.state.frontier.size).toBe(200);
  });

  it('has grown from the tree that was signed before, or is refused', async () => {
    await fill(lab.open(), 0, 5);
    const { head } = read().state;
    if (head === undefined) throw new Error('no head');
    expect(read(EMPTY_STATE, head).state.head).toEqual(head);
    expect(() => read(EMPTY_STATE, { size: 5, hash: Buffer.alloc(32) })).toThrow(
      expect.objectContaining({
        code: 'STORAGE',
        reason: 'its first 5 records are not those that were signed before',
      }) as Error,
    );
  });

  it('misses a commit', async () => {
    const log = lab.open();
    for (let i = 0; i < 3; i += 1) await log.append(record(i));
    await logFiles(lab.dir).removeCommit(1);
    expect(() => read()).toThrow(
      expect.objectContaining({ reason: 'the commit of records 1 to 1 is missing' }) as Error,
    );
  });

  it('believes no commit of another key', async () => {
    await fill(lab.open(), 0, 3);
    const other = await logLab();
    expect(() =>
      readHistory(logFiles(lab.dir), EMPTY_STATE, {
        verifier: other.signer.verifier,
        onRecord: () => undefined,
      }),
    ).toThrow(expect.objectContaining({ code: 'STORAGE' }) as Error);
  });
});

describe('isSealedBy', () => {
  it.each([
    [0, 0, 255, false],
    [0, 0, 256, true],
    [0, 1, 511, false],
    [0, 1, 512, true],
    [1, 0, 65_535, false],
    [1, 0, 65_536, true],
  ])('a tile of level %d and number %d by %d records: %j', (level, number, sealed, is) => {
    expect(
      isSealedBy(sealed, { tile: { height: 8, level, number, width: 256 }, data: Buffer.alloc(0) }),
    ).toBe(is);
  });

  it('takes back what it told of a commit that came too late, and tells it anew', async () => {
    await fill(lab.open(), 0, 254);
    const before = read().state;
    const fork = await lab.copy();
    await fork.open().append(record(999));
    const late = logFiles(fork.dir).readCommit(254);
    for (let i = 254; i < 257; i += 1) await lab.open().append(record(i));
    // A reader that looks for the tile just before it is sealed, and for commits just after one was left there.
    const files = logFiles(lab.dir);
    let looks = 0;
    const told: string[] = [];
    const state = readHistory(
      {
        dir: files.dir,
        isSealed: (number) => files.isSealed(number),
        readTileSync: (tile) => ((looks += 1) === 1 ? undefined : files.readTileSync(tile)),
        commitStarts: () => (looks === 1 ? [254, 256] : files.commitStarts()),
        readCommit: (start) => (start === 254 ? late : files.readCommit(start)),
      },
      before,
      {
        verifier: lab.signer.verifier,
        onRecord: (text, number) => told.push(`${number} ${text}`),
        onUndone: (size) => told.push(`undone from ${size}`),
      },
    );
    expect(told).toEqual([
      `254 ${record(999)}`,
      'undone from 254',
      ...[254, 255, 256].map((number) => `${number} ${record(number)}`),
    ]);
    expect(state.head?.size).toBe(257);
  });
});
