/** One checksum database of several replicas, each with its own witness. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../../../src/store/blob-store.js';
import { createMemoryBlobStore } from '../../support/stores/memory-blob-store.js';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { openLog, type ChecksumLog } from '../../../src/sumdb/log/log.js';
import { SharedLog } from '../../../src/sumdb/log/shared-log.js';
import { tempDir } from '../../support/tmp.js';
import { memoryLog } from '../format/leaves.js';
import { NAME, expectWholeLog, fill, record, silent } from './log-lab.js';

let blobs: BlobStore;
const signer = parseSignerKey(generateKey(NAME).signerKey);

/** A replica that starts, with the folder of an earlier run. */
async function replica(home?: string, shared: BlobStore = blobs): Promise<ChecksumLog & { home: string }> {
  const folder = home ?? (await tempDir('replica'));
  const log = new SharedLog({ blobs: shared, name: NAME, copies: join(folder, 'copies'), place: 'the test' });
  await log.copyAll();
  const place = { dir: log.dir, witnessFile: join(folder, 'witness'), shared: log };
  return Object.assign(openLog(place, signer, silent), { home: folder });
}

async function copyOf(from: BlobStore): Promise<BlobStore> {
  const copy = createMemoryBlobStore();
  for await (const name of from.names()) {
    const blob = await from.get(name);
    if (blob !== undefined) await copy.putIfAbsent(name, blob.bytes);
  }
  return copy;
}

/** Nothing is in `blobs` that is not in `others`. */
async function expectNames(found: BlobStore, others: BlobStore): Promise<void> {
  for await (const name of found.names()) expect(await others.get(name), name).toBeDefined();
}

beforeEach(() => {
  blobs = createMemoryBlobStore();
});

describe('a log that replicas share', () => {
  it('has one history, whichever replica appends', async () => {
    const [a, b, c] = [await replica(), await replica(), await replica()];
    const truth = await memoryLog();
    const logs = [a, b, c];
    for (let i = 0; i < 30; i += 1) await logs[i % 3]?.append(record(i));
    for (const log of logs) await log.refresh();
    await new Promise((resolve) => setTimeout(resolve, 600)); // what was just looked for is not looked for again
    for (const log of logs) {
      await log.refresh();
      await expectWholeLog(log, 30, truth);
    }
  });

  it('gives one version one record, whichever replica appends it, and at the same time', async () => {
    const [a, b] = [await replica(), await replica()];
    const numbers = await Promise.all([a.append(record(1)), b.append(record(1, ' another content'))]);
    expect(numbers).toEqual([0, 0]);
    expect(await a.record(0)).toBe(await b.record(0));
  });

  it('goes on over full tiles, and a new replica reads all of it', async () => {
    const [a, b] = [await replica(), await replica()];
    const truth = await memoryLog();
    await fill(a, 0, 300);
    await fill(b, 300, 600);
    await fill(a, 600, 610);
    await expectWholeLog(a, 610, truth);
    await expectWholeLog(await replica(), 610, truth);
  });

  it('takes a replica back that was away while tiles became full', async () => {
    const away = await replica();
    await fill(away, 0, 10);
    const truth = await memoryLog();
    await fill(await replica(), 10, 700);
    expect(await away.append(record(700))).toBe(700);
    await expectWholeLog(away, 701, truth);
    await expectWholeLog(await replica(away.home), 701, truth);
  });

  it('is refused when it was rolled back, by a replica that starts and by one that runs', async () => {
    const running = await replica();
    await fill(running, 0, 10);
    const old = await copyOf(blobs);
    await fill(running, 10, 20);
    const restarted = await tempDir('replica');
    await cp(join(running.home, 'witness'), join(restarted, 'witness'));
    await expect(replica(restarted, old)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('was rolled back') as string,
    });
    for await (const name of blobs.names()) if ((await old.get(name)) === undefined) await blobs.remove(name);
    await expect(running.append(record(20))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('was rolled back') as string,
    });
    // Nothing was put behind the gap.
    await expectNames(blobs, old);
  });

  it('is refused by one that runs when others went on from a bucket that was rolled back', async () => {
    const running = await replica();
    await fill(running, 0, 10);
    const old = await copyOf(blobs);
    await running.append(record(10));
    // A new replica knows nothing of the last record, and appends another one in its place.
    const stranger = await replica(undefined, old);
    await stranger.append(record(99));
    for await (const name of blobs.names()) await blobs.remove(name);
    for await (const name of old.names()) {
      await blobs.putIfAbsent(name, (await old.get(name))?.bytes ?? Buffer.alloc(0));
    }
    await expect(running.append(record(11))).rejects.toMatchObject({ code: 'STORAGE' });
    await expectNames(blobs, old);
  });

  it('is copied whole although others seal it meanwhile', async () => {
    const [writer, other] = [await replica(), await replica()];
    await fill(writer, 0, 250);
    const names = blobs.names.bind(blobs);
    blobs.names = async function* () {
      const before: string[] = [];
      for await (const name of names()) before.push(name);
      await fill(other, 250, 700); // after the list was made: what it names is sealed and gone
      yield* before;
    };
    const joined = await replica();
    await joined.refresh({ misses: true });
    await expectWholeLog(joined, 700, await memoryLog());
  });

  it.each(['starts', 'runs'])('is whole for a replica that %s while others end a tile', async (when) => {
    const writer = await replica();
    await fill(writer, 0, 255);
    let isAwaited = when === 'starts';
    const away = await replica(undefined, {
      ...blobs,
      async get(name) {
        const found = await blobs.get(name);
        if (isAwaited && name === `${NAME}/commit/000000000255` && found === undefined) {
          isAwaited = false;
          await writer.append(record(255)); // between the question for the commit and that for the tile
        }
        return found;
      },
    });
    isAwaited = when === 'runs';
    await away.refresh({ misses: true });
    expect(isAwaited).toBe(false);
    await expectWholeLog(away, 256, await memoryLog());
  });

  it('is copied whole although others end a tile while its names are listed', async () => {
    const writer = await replica();
    await fill(writer, 0, 255);
    const joined = await replica(undefined, {
      ...blobs,
      async *names() {
        // Page by page, in the order of keys: commits come before tiles.
        for await (const name of blobs.names()) if (name.includes('/commit/')) yield name;
        await writer.append(record(255));
        for await (const name of blobs.names()) if (name.includes('/tile/')) yield name;
      },
    });
    await expectWholeLog(joined, 256, await memoryLog());
  });

  it('is not copied any more when its copying has failed', async () => {
    const writer = await replica();
    for (let i = 0; i < 40; i += 1) await writer.append(record(i));
    let [running, begun] = [0, 0];
    const broken: BlobStore = {
      ...blobs,
      async get(name) {
        [running, begun] = [running + 1, begun + 1];
        await new Promise((resolve) => setTimeout(resolve, name.endsWith('3') ? 5 : 20));
        running -= 1;
        if (name.endsWith('3')) throw new Error('the connection broke off');
        return blobs.get(name);
      },
    };
    await expect(replica(undefined, broken)).rejects.toThrow('broke off');
    expect([running, begun < 40]).toEqual([0, true]);
  });

  it('goes on where the records of another are a whole number of tiles', async () => {
    const [a, b] = [await replica(), await replica()];
    await fill(a, 0, 255);
    await b.append(record(255)); // b has all of a tile, a has not read the end of it
    expect(await a.append(record(256))).toBe(256);
    await expectWholeLog(a, 257, await memoryLog());
  });

  it('gives what is missed at once, although it was just looked for', async () => {
    const [a, b] = [await replica(), await replica()];
    await b.refresh();
    await a.append(record(0));
    await Promise.all([b.refresh({ misses: true }), b.refresh({ misses: true })]);
    expect(b.size()).toBe(1);
  });

  it('is refused when another history takes its place', async () => {
    const first = await replica();
    await fill(first, 0, 5);
    const other = createMemoryBlobStore();
    const stranger = await replica(undefined, other);
    await stranger.append(record(100));
    await fill(stranger, 0, 9);
    await expect(replica(first.home, other)).rejects.toMatchObject({ code: 'STORAGE' });
  });

  it('keeps what was put when the answer got lost on its way', async () => {
    const log = await replica();
    await log.append(record(0));
    const put = blobs.putIfAbsent.bind(blobs);
    blobs.putIfAbsent = async (...args) => {
      await put(...args);
      blobs.putIfAbsent = put;
      throw new Error('the connection broke off');
    };
    await expect(log.append(record(1))).rejects.toThrow('broke off');
    expect(await log.append(record(1))).toBe(1);
    expect(await log.append(record(2))).toBe(2);
    await expectWholeLog(await replica(), 3, await memoryLog());
  });
});
