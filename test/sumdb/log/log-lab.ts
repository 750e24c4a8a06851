/** A log in a folder of its own, with its key and witness. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openLog, readLog, type ChecksumLog, type LogPlace } from '../../../src/sumdb/log/log.js';
import { generateKey, parseSignerKey, type Signer } from '../../../src/sumdb/format/note.js';
import { formatDataTile, goSumLines } from '../../../src/sumdb/format/record.js';
import { readTileData, tilePath } from '../../../src/sumdb/format/tile.js';
import { openTree } from '../../../src/sumdb/format/tree-head.js';
import { tempDir } from '../../support/tmp.js';
import type { MemoryLog } from '../format/leaves.js';
import { newTiles } from '../format/growing-tree.js';

export const NAME = 'sum.ex.test';
export const silent = { info: () => undefined, warn: () => undefined };

export interface LogLab extends LogPlace {
  signer: Signer;
  signerKey: string;
  open(): ChecksumLog;
  /** A copy of the folder of the log as it is now, with the same key and witness. */
  copy(): Promise<LogLab>;
}

export async function logLab(): Promise<LogLab> {
  const home = await tempDir('sumdb');
  const { signerKey } = generateKey(NAME);
  return labOf({ dir: join(home, 'log'), witnessFile: join(home, 'key.witness') }, signerKey);
}

function labOf(place: LogPlace, signerKey: string): LogLab {
  const signer = parseSignerKey(signerKey);
  return {
    ...place,
    signer,
    signerKey,
    open: () => openLog(place, signer, silent),
    async copy() {
      const home = await tempDir('sumdb');
      const other = { dir: join(home, 'log'), witnessFile: join(home, 'key.witness') };
      await cp(place.dir, other.dir, { recursive: true });
      await writeFile(other.witnessFile, await readFile(place.witnessFile));
      return labOf(other, signerKey);
    },
  };
}

/** The record of a made-up version. */
export function record(number: number, content = ''): string {
  const hash = (text: string) => `h1:${Buffer.from(text.padEnd(32, '.')).toString('base64')}`;
  return goSumLines('ex.test/mod', `v1.0.${number}`, {
    zip: hash(`zip ${number}${content}`),
    mod: hash(`mod ${number}`),
  });
}

export function records(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => record(from + i));
}

/** Appends all at once, or one commit for each. */
export async function fill(log: ChecksumLog, from: number, to: number): Promise<void> {
  await Promise.all(records(from, to).map((text) => log.append(text)));
}

/** What reading the log without appending says of it. */
export function problemOf({ dir, witnessFile, signer }: LogLab): string {
  try {
    readLog({ dir, witnessFile }, signer.verifier);
    return 'none';
  } catch (error) {
    const { message, reason } = error as { message: string; reason?: string };
    return `${message}: ${reason ?? ''}`;
  }
}

/** Head, every record, every tile, as a log of so many records must have them; `truth` grows to that size. */
export async function expectWholeLog(log: ChecksumLog, size: number, truth: MemoryLog): Promise<void> {
  expect(log.size()).toBe(size);
  while (truth.records.length < size) await truth.add(record(truth.records.length));
  expect(openTree(log.head().note, log.verifier)).toMatchObject(await truth.tree(size));
  const wrong: string[] = [];
  for (let number = 0; number < size; number += 1) {
    if (log.find('ex.test/mod', `v1.0.${number}`) !== number) wrong.push(`find ${number}`);
    if ((await log.record(number)) !== record(number)) wrong.push(`record ${number}`);
  }
  for (const tile of newTiles(8, 0, size)) {
    const data = await log.tile(tile);
    if (data?.equals(await readTileData(tile, truth.read)) !== true) wrong.push(tilePath(tile));
    if (tile.level > 0) continue;
    const first = tile.number * 256;
    const text = formatDataTile(records(first, first + tile.width));
    if ((await log.tile({ ...tile, level: -1 }))?.toString() !== text) wrong.push(`records ${first}`);
  }
  expect(wrong).toEqual([]);
}
