/**
 * Reads a log from its files and checks everything on the way: every record against its hashes, every hash against those
 * above it, every commit against the tree that was signed for it. What this returns is whole, or it throws.
 */
import { damaged, dataTile, type Commit, type LogFiles } from './log-files.js';
import { EMPTY_FRONTIER, extend, treeOf, type Frontier, type FullTile } from './frontier.js';
import type { Verifier } from '../format/note.js';
import { parseDataTile } from '../format/record.js';
import { TILE_WIDTH, tilePath } from '../format/tile.js';
import { recordHash, type Tree } from '../format/tlog.js';
import { openTree, type SignedTree } from '../format/tree-head.js';
import { ModhavenError, errorMessage } from '../../errors.js';

/** What is held in memory of a log, but for its index. */
export interface LogState {
  frontier: Frontier;
  /** The newest signed tree; undefined as long as nothing was committed. */
  head: SignedTree | undefined;
  /** How many records are sealed: a multiple of 256. */
  sealed: number;
  /** The records that are not. */
  tail: readonly string[];
  /** Full tiles of hashes that are not on disk yet. */
  unsealed: readonly FullTile[];
}

export const EMPTY_STATE: LogState = {
  frontier: EMPTY_FRONTIER,
  head: undefined,
  sealed: 0,
  tail: [],
  unsealed: [],
};

export interface History {
  verifier: Verifier;
  /** Told of each record that is new, in order. */
  onRecord: (record: string, number: number) => void;
  /** Reading failed: what was told of records from `size` on does not hold. They may be told anew, with other numbers. */
  onUndone?: (size: number) => void;
  /** A tree that the log must have grown from. */
  ancestor?: Tree | undefined;
}

/** What of the files is read here. */
type ReadableFiles = Pick<LogFiles, 'commitStarts' | 'dir' | 'isSealed' | 'readCommit' | 'readTileSync'>;

/** Sealing by another process may move what is being read; it does so once in 256 records. */
const MAX_ATTEMPTS = 5;

/** The log as it is now, read from where `state` ends. Throws STORAGE if it is damaged. */
export function readHistory(files: ReadableFiles, state: LogState, history: History): LogState {
  for (let attempt = 1; ; attempt += 1) {
    const reading: HistoryReading = { firstUnsealed: undefined };
    try {
      return readOnce(files, state, history, reading);
    } catch (error) {
      history.onUndone?.(state.frontier.size);
      const moved = reading.firstUnsealed !== undefined && files.isSealed(reading.firstUnsealed);
      if (!moved || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

interface HistoryReading {
  /** The tile of records that was not there. */
  firstUnsealed: number | undefined;
}

function readOnce(
  files: ReadableFiles,
  state: LogState,
  { verifier, onRecord, ancestor }: History,
  reading: HistoryReading,
): LogState {
  let { frontier, head, sealed } = state;
  const tail = [...state.tail];
  const unsealed = [...state.unsealed];

  function add(record: string): FullTile[] {
    const next = extend(frontier, recordHash(Buffer.from(record)));
    onRecord(record, frontier.size);
    tail.push(record);
    frontier = next.frontier;
    if (frontier.size === ancestor?.size && !treeOf(frontier).hash.equals(ancestor.hash)) {
      throw damaged(files.dir, `its first ${ancestor.size} records are not those that were signed before`);
    }
    return next.full;
  }

  for (;;) {
    const number = sealed / TILE_WIDTH;
    const bytes = files.readTileSync(dataTile(number));
    if (bytes === undefined) {
      reading.firstUnsealed = number;
      break;
    }
    const records = parseTile(files, number, bytes);
    for (const record of records.slice(frontier.size - sealed)) {
      for (const full of add(record)) checkOnDisk(files, full);
    }
    sealed += TILE_WIDTH;
    tail.splice(0, TILE_WIDTH);
  }

  const starts = files.commitStarts();
  for (const start of starts) {
    if (start < frontier.size) continue;
    if (start > frontier.size) {
      throw damaged(files.dir, `the commit of records ${frontier.size} to ${start - 1} is missing`);
    }
    const commit = files.readCommit(start);
    if (commit === undefined) throw damaged(files.dir, `the commit from record ${start} on went away`);
    for (const record of commit.records) unsealed.push(...add(record));
    head = openHead(files, commit, verifier);
    if (!isHeadOf(head, frontier)) {
      throw damaged(files.dir, `the commit from record ${start} on is not what was signed`);
    }
  }

  if (head?.size !== frontier.size && frontier.size > 0) {
    head = starts
      .filter((start) => start < frontier.size)
      .map((start) => tryHead(files, start, verifier))
      .find((candidate) => candidate !== undefined && isHeadOf(candidate, frontier));
    if (head === undefined) {
      throw damaged(files.dir, `no signed tree of its ${frontier.size} records is there`);
    }
  }
  return { frontier, head, sealed, tail, unsealed: unsealed.filter((full) => !isSealedBy(sealed, full)) };
}

/** Whether all records below a tile of hashes are sealed, and with them the tile. */
export function isSealedBy(sealed: number, { tile }: FullTile): boolean {
  return (tile.number + 1) * TILE_WIDTH ** (tile.level + 1) <= sealed;
}

function parseTile(files: ReadableFiles, number: number, bytes: Buffer): string[] {
  const path = tilePath(dataTile(number));
  try {
    const records = parseDataTile(bytes);
    if (records.length === TILE_WIDTH) return records;
  } catch (error) {
    throw damaged(files.dir, `${path}: ${errorMessage(error)}`, error);
  }
  throw damaged(files.dir, `${path} does not hold ${TILE_WIDTH} records`);
}

function checkOnDisk(files: ReadableFiles, { tile, data }: FullTile): void {
  const bytes = files.readTileSync(tile);
  const path = tilePath(tile);
  if (bytes === undefined) throw damaged(files.dir, `${path} is missing`);
  if (!bytes.equals(data)) throw damaged(files.dir, `${path} is not what follows from the records`);
}

function openHead(files: ReadableFiles, { start, note }: Commit, verifier: Verifier): SignedTree {
  try {
    return openTree(note, verifier);
  } catch (error) {
    throw damaged(files.dir, `the commit from record ${start} on: ${errorMessage(error)}`, error);
  }
}

/** The tree that a sealed commit ends in, if it is any good: it may be what a process left that came too late. */
function tryHead(files: ReadableFiles, start: number, verifier: Verifier): SignedTree | undefined {
  try {
    const commit = files.readCommit(start);
    return commit === undefined ? undefined : openHead(files, commit, verifier);
  } catch (error) {
    if (error instanceof ModhavenError) return undefined;
    throw error;
  }
}

function isHeadOf(head: Tree, frontier: Frontier): boolean {
  return head.size === frontier.size && head.hash.equals(treeOf(frontier).hash);
}
