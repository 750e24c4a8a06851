/** The verifying client against databases that are honest, forked, forged or out of reach. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createSumdbClient, type SumdbClient } from '../../../src/sumdb/client/client.js';
import { generateKey, parseSignerKey, signNote } from '../../../src/sumdb/format/note.js';
import { formatRecord, goSumLines } from '../../../src/sumdb/format/record.js';
import { formatTree } from '../../../src/sumdb/format/tree-head.js';
import { answerOf, memoryLog, type MemoryLog } from '../format/leaves.js';

const NAME = 'localhost.localdev';
const HEIGHT = 2;
const signer = parseSignerKey(generateKey(NAME).signerKey);
const SUMS = { zip: `h1:${'A'.repeat(43)}=`, mod: `h1:${'B'.repeat(43)}=` };
const module = (name: string) => parseModulePath(`ex.test/${name}`);
const recordOf = (name: string) => goSumLines(module(name), 'v1.0.0', SUMS);

let log: MemoryLog;
/** Answers in place of the honest ones; undefined in the map is a 404. */
let instead: Map<string, Buffer | undefined>;
let asked: string[];
let seen: Buffer | undefined;
const error = vi.fn();

async function get(path: string): Promise<Buffer> {
  asked.push(path);
  const name = /^lookup\/ex\.test\/(\w+)@v1\.0\.0$/.exec(path)?.[1];
  const number = name === undefined ? -1 : log.records.indexOf(recordOf(name));
  const honest = await answerOf(log, signer, path, number < 0 ? undefined : number);
  const answer = instead.has(path) ? instead.get(path) : honest;
  if (answer === undefined) throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}`);
  return answer;
}

function client(): SumdbClient {
  return createSumdbClient({
    verifier: signer.verifier,
    height: HEIGHT,
    get,
    seen: {
      read: () => Promise.resolve(seen),
      write: (note) => {
        seen = note;
        return Promise.resolve();
      },
    },
    log: { error },
  });
}

const sizeSeen = () => Number(seen?.toString().split('\n')[1] ?? 0);

beforeEach(async () => {
  log = await memoryLog(['a', 'b', 'c', 'd', 'e'].map(recordOf));
  instead = new Map();
  asked = [];
  seen = undefined;
  error.mockClear();
});

describe('an honest database', () => {
  it('is believed, and its newest tree is remembered', async () => {
    const ours = client();
    expect(await ours.lookup(module('b'), 'v1.0.0')).toEqual(SUMS);
    expect(sizeSeen()).toBe(5);
    for (const name of ['f', 'g', 'h']) await log.add(recordOf(name));
    expect(await ours.lookup(module('h'), 'v1.0.0')).toEqual(SUMS);
    expect(sizeSeen()).toBe(8);
    expect(await client().lookup(module('a'), 'v1.0.0')).toEqual(SUMS);
  });

  it('is believed when an answer is older than the newest tree', async () => {
    const older = await answerOf(log, signer, 'lookup/', 1, 5);
    for (let i = 0; i < 20; i += 1) await log.add(recordOf(`n${i}`));
    const ours = client();
    await ours.lookup(module('n19'), 'v1.0.0');
    instead.set('lookup/ex.test/b@v1.0.0', older);
    expect(await ours.lookup(module('b'), 'v1.0.0')).toEqual(SUMS);
    expect(sizeSeen()).toBe(25);
  });

  it('may have only the full tile where an older tree had a part of it', async () => {
    const older = await answerOf(log, signer, 'lookup/', 4, 5);
    for (const name of ['f', 'g', 'h']) await log.add(recordOf(name));
    instead.set('lookup/ex.test/e@v1.0.0', older).set('tile/2/0/001.p/1', undefined);
    expect(await client().lookup(module('e'), 'v1.0.0')).toEqual(SUMS);
    expect(asked).toContain('tile/2/0/001');
  });

  it('is asked for a tile once, however many want it, and not again', async () => {
    const ours = client();
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => ours.lookup(module(name), 'v1.0.0')));
    const tiles = asked.filter((path) => path.startsWith('tile/'));
    expect(tiles).toEqual([...new Set(tiles)]);
    asked = [];
    await ours.lookup(module('a'), 'v1.0.0');
    expect(asked).toEqual(['lookup/ex.test/a@v1.0.0']);
  });

  it('that does not know a version is an answer, and one that is out of reach is not', async () => {
    await expect(client().lookup(module('x'), 'v1.0.0')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    const down = createSumdbClient({
      verifier: signer.verifier,
      get: () => Promise.reject(new ModhavenError('HOST_UNREACHABLE', 'down')),
      seen: { read: () => Promise.resolve(undefined), write: () => Promise.resolve() },
      log: { error },
    });
    await expect(down.lookup(module('a'), 'v1.0.0')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

describe('a database, or a server in between, that lies', () => {
  const refused = async (name: string, reason: string | RegExp) => {
    const failure = await client()
      .lookup(module(name), 'v1.0.0')
      .then(
        () => undefined,
        (reason_: unknown) => reason_ as ModhavenError,
      );
    expect(failure).toMatchObject({ code: 'CHECKSUM_DATABASE' });
    expect(`${failure?.message ?? ''}: ${failure?.reason ?? ''}`).toMatch(reason);
  };
  const lookup = (name: string) => `lookup/ex.test/${name}@v1.0.0`;
  const head = async (size?: number) => signNote(formatTree(await log.tree(size)), signer);

  it('is refused with a record of another version', async () => {
    instead.set(lookup('b'), await answerOf(log, signer, lookup('a'), 0));
    await refused('b', 'is about something else');
  });

  it('is refused with hashes beside the record, in the note', async () => {
    const evil = goSumLines(module('evil'), 'v1.0.0', SUMS);
    const note = signNote(formatTree(await log.tree()) + evil, signer);
    instead.set(lookup('evil'), Buffer.concat([Buffer.from(formatRecord(0, recordOf('a'))), note]));
    await refused('evil', 'is about something else');
  });

  it('is refused with an empty record, or none', async () => {
    instead.set(lookup('a'), Buffer.concat([Buffer.from('0\n\n'), await head()]));
    await refused('a', 'malformed');
    instead.set(lookup('a'), Buffer.alloc(0));
    await refused('a', 'malformed answer to a lookup');
  });

  it('is refused with a record that the tree does not hold', async () => {
    const changed = recordOf('a').replace('h1:A', 'h1:C');
    instead.set(lookup('a'), Buffer.concat([Buffer.from(formatRecord(0, changed)), await head()]));
    await refused('a', 'is not in its signed tree');
    instead.set(lookup('a'), Buffer.concat([Buffer.from(formatRecord(1, recordOf('a'))), await head()]));
    await refused('a', 'is not in its signed tree');
    instead.set(lookup('a'), Buffer.concat([Buffer.from(formatRecord(5, recordOf('a'))), await head()]));
    await refused('a', 'record 5 is in no tree of 5 records');
  });

  it('is refused with a tree that its key did not sign', async () => {
    const other = parseSignerKey(generateKey(NAME).signerKey);
    instead.set(lookup('a'), await answerOf(log, other, lookup('a'), 0));
    await refused('a', `not by ${NAME}`);
    const note = (await head()).toString().replace('\n5\n', '\n6\n');
    instead.set(lookup('a'), Buffer.from(formatRecord(0, recordOf('a')) + note));
    await refused('a', 'the signature of');
  });

  it('is refused with forged tiles, none of which is kept', async () => {
    await client().lookup(module('a'), 'v1.0.0');
    const tiles = [...new Set(asked)].filter((path) => path.startsWith('tile/'));
    expect(tiles.length).toBeGreaterThan(1);
    for (const path of tiles) {
      const data = Buffer.from((await answerOf(log, signer, path, undefined)) ?? '');
      data[0] = (data[0] ?? 0) ^ 1;
      const ours = client();
      instead.set(path, data);
      await expect(ours.lookup(module('a'), 'v1.0.0')).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
      instead.delete(path);
      expect(await ours.lookup(module('a'), 'v1.0.0')).toEqual(SUMS);
    }
  });

  it('is refused with two histories, whichever comes first, and both signed trees are in the log', async () => {
    const fork = await memoryLog([...log.records.slice(0, 3), recordOf('x'), recordOf('y'), recordOf('z')]);
    const ours = client();
    await ours.lookup(module('a'), 'v1.0.0');
    const before = seen;
    const honest = log;
    log = fork;
    for (const lie of ['z', 'a']) {
      await expect(ours.lookup(module(lie), 'v1.0.0')).rejects.toMatchObject({
        code: 'CHECKSUM_DATABASE',
        reason: 'it has signed two histories: that of 6 records did not grow from that of 5',
      });
      // Also after a restart: what was seen is on disk.
      await refused(lie, 'it has signed two histories');
    }
    expect(seen).toEqual(before);
    expect(error).toHaveBeenCalledWith(
      {
        database: NAME,
        older: signNote(formatTree(await honest.tree()), signer).toString(),
        newer: signNote(formatTree(await fork.tree()), signer).toString(),
      },
      'SECURITY: the checksum database has signed two histories',
    );
  });

  it('is refused with an older tree of another history', async () => {
    await client().lookup(module('a'), 'v1.0.0');
    const fork = await memoryLog([recordOf('x'), recordOf('b'), recordOf('c')]);
    instead.set(lookup('b'), await answerOf(fork, signer, lookup('b'), 1));
    await refused('b', 'that of 5 records did not grow from that of 3');
  });
});
