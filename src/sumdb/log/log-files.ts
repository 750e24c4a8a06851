/**
 * A log on disk. Nothing in it is ever changed: files appear, and those whose content stands in others go.
 *
 *     tile/8/data/000          256 records; full tiles only, in the form in which they are published
 *     tile/8/0/000             their hashes, and so on
 *     commit/000000000256      what came after record 255: some records and the signed tree they end in
 *     commit/000000000259
 *
 * A commit is named by the size of the tree before it and comes to be by one link(2), which fails where the name is
 * taken. So of two processes that append at the same place one loses, whether they know of each other or not, and there
 * is one history. A commit stays within one tile. The records of a full tile are "sealed": written as a tile, hashes
 * first, records last; from then on commits that begin before its end mean nothing and may go.
 */
import { existsSync, readdirSync } from 'node:fs';
import { access, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskReady } from '../../fs/disk-watch.js';
import { createFile } from '../../fs/durable-file.js';
import { makeFolderIn } from '../../fs/make-folder.js';
import { diskReason } from '../../fs/disk-words.js';
import { hasCode } from '../../fs/file-errors.js';
import { orStorageError, storageError, type ServerFolder } from '../../fs/storage-errors.js';
import { readRegular, readRegularSync } from '../../fs/regular-file.js';
import { ModhavenError, errorMessage } from '../../errors.js';
import { malformed, parseCount } from '../format/encoding.js';
import { formatDataTile, parseDataTile } from '../format/record.js';
import { TILE_HEIGHT, TILE_WIDTH, tilePath, type Tile } from '../format/tile.js';

export interface Commit {
  /** Size of the tree before. */
  start: number;
  records: string[];
  /** The signed tree after. */
  note: Buffer;
}

export interface LogFiles {
  readonly dir: string;
  /** The content of a full tile; undefined if it is not there. */
  readTile(tile: Tile): Promise<Buffer | undefined>;
  readTileSync(tile: Tile): Buffer | undefined;
  /** Makes a full tile. Throws STORAGE if there is one with another content. */
  createTile(tile: Tile, content: Buffer): Promise<void>;
  /** Whether the records from `number` * 256 on are sealed, as far as this replica knows. */
  isSealed(number: number): boolean;
  /** The same, as far as any replica knows. */
  isSealedAnywhere(number: number): Promise<boolean>;
  /** Takes over what other replicas have added after what is known. */
  refresh(known: { size: number; sealed: number }): Promise<void>;
  /** The starts of all commits, lowest first. */
  commitStarts(): number[];
  /** Undefined if there is none that starts there. Throws STORAGE for one that is damaged. */
  readCommit(start: number): Commit | undefined;
  /** False if there is a commit that starts there. */
  createCommit(commit: Commit): Promise<boolean>;
  removeCommit(start: number): Promise<void>;
}

/** Where replicas share a log of which each has a copy: files by their names in it (`shared-log.ts`). */
export interface SharedFiles {
  /** For people. */
  readonly place: string;
  /** False if there is such a file already. */
  put(name: string, bytes: Buffer): Promise<boolean>;
  read(name: string): Promise<Buffer | undefined>;
  remove(name: string): Promise<void>;
  /** Whether the records from `number` * 256 on are sealed. */
  isSealed(number: number): Promise<boolean>;
  /** Copies what came after `size` records, of which `sealed` lie in full tiles. */
  copyNew(known: { size: number; sealed: number }): Promise<void>;
}

/** The tile of records from `number` * 256 on. */
export function dataTile(number: number): Tile {
  return { height: TILE_HEIGHT, level: -1, number, width: TILE_WIDTH };
}

/** The error for a log that is not what it was. */
export function damaged(dir: string, reason: string, cause?: unknown): ModhavenError {
  return new ModhavenError('STORAGE', `the checksum database in ${dir} is damaged`, {
    reason,
    remedy:
      'restore this folder from its newest backup; docs/checksum-database.md says what to do without one',
    remedyBy: 'admin',
    cause,
  });
}

/** The name of a commit beside the tiles. */
export function commitName(start: number): string {
  return `commit/${String(start).padStart(12, '0')}`;
}

/** The log in `dir`; with `shared`, which has its copy there, what is added is added for all replicas. */
export function logFiles(dir: string, shared?: SharedFiles): LogFiles {
  return new FilesOfLog(dir, shared);
}

class FilesOfLog implements LogFiles {
  readonly dir: string;
  private readonly shared: SharedFiles | undefined;
  private readonly commitFolder: string;

  constructor(dir: string, shared: SharedFiles | undefined) {
    this.dir = dir;
    this.shared = shared;
    this.commitFolder = join(dir, 'commit');
  }

  readTile(tile: Tile): Promise<Buffer | undefined> {
    return absentAsUndefined(readRegular(this.tileFile(tile)));
  }

  readTileSync(tile: Tile): Buffer | undefined {
    return readIfThere(this.tileFile(tile));
  }

  async createTile(tile: Tile, content: Buffer): Promise<void> {
    const { shared } = this;
    const file = this.tileFile(tile);
    if (shared !== undefined && !(await shared.put(tilePath(tile), content))) {
      const there = await shared.read(tilePath(tile));
      if (there?.equals(content) !== true) throw this.otherTile(tile);
    }
    await storage(makeFolderIn(this.dir, dirname(file)));
    if (await storage(createFile(file, content))) return;
    if (!(await storage(readRegular(file))).equals(content)) throw this.otherTile(tile);
  }

  isSealed(number: number): boolean {
    return existsSync(this.tileFile(dataTile(number)));
  }

  async isSealedAnywhere(number: number): Promise<boolean> {
    const isHere = await access(this.tileFile(dataTile(number))).then(
      () => true,
      () => false,
    );
    return isHere || (await this.shared?.isSealed(number)) === true;
  }

  async refresh(known: { size: number; sealed: number }): Promise<void> {
    await this.shared?.copyNew(known);
  }

  commitStarts(): number[] {
    const names = existsSync(this.commitFolder) ? readdirSync(this.commitFolder) : [];
    return names
      .filter((name) => /^\d{12,}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  readCommit(start: number): Commit | undefined {
    const file = this.commitFile(start);
    const bytes = readIfThere(file);
    if (bytes === undefined) return undefined;
    try {
      const commit = parseCommit(bytes);
      if (commit.start === start) return commit;
    } catch (error) {
      throw damaged(this.dir, `${file}: ${errorMessage(error)}`, error);
    }
    throw damaged(this.dir, `${file} is another commit`);
  }

  async createCommit(commit: Commit): Promise<boolean> {
    const { shared } = this;
    const bytes = formatCommit(commit);
    if (shared !== undefined) {
      if (!(await this.isKnownEnd(commit.start, shared))) return false;
      if (!(await shared.put(commitName(commit.start), bytes))) return false;
    }
    await storage(makeFolderIn(this.dir, this.commitFolder));
    return storage(createFile(this.commitFile(commit.start), bytes));
  }

  async removeCommit(start: number): Promise<void> {
    await this.shared?.remove(commitName(start));
    await storage(
      unlink(this.commitFile(start)).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error;
      }),
    );
  }

  /**
   * Whether what all replicas have still ends, or once ended, as this replica knows it at `size`; false where it has grown.
   * Throws STORAGE if that is not there any more: a commit behind it would leave a gap, or follow another history.
   */
  private async isKnownEnd(size: number, shared: SharedFiles): Promise<boolean> {
    if (size === 0) return true;
    await diskReady(this.dir);
    const last = this.commitStarts()
      .filter((start) => start < size)
      .at(-1);
    const known = last === undefined ? undefined : this.readCommit(last);
    if (known !== undefined && known.start + known.records.length === size) {
      const there = await shared.read(commitName(known.start));
      if (there?.equals(formatCommit(known)) === true) return true;
    }
    const tile = dataTile(Math.floor((size - 1) / TILE_WIDTH));
    const sealed = await shared.read(tilePath(tile));
    const own = sealed === undefined ? undefined : await this.readTile(tile);
    if (sealed !== undefined && own === undefined) return false;
    if (own !== undefined && sealed?.equals(own) === true) return true;
    throw new ModhavenError('STORAGE', `the checksum database ${shared.place} was rolled back`, {
      reason: `this replica knows ${size} signed records, and the newest of them are not there any more`,
      remedy:
        'restore its newest state; if that is lost, start a new database under a new name (docs/checksum-database.md)',
      remedyBy: 'admin',
    });
  }

  private tileFile(tile: Tile): string {
    return join(this.dir, tilePath(tile));
  }

  private commitFile(start: number): string {
    return join(this.dir, commitName(start));
  }

  private otherTile(tile: Tile): ModhavenError {
    return damaged(this.dir, `${tilePath(tile)} is not what follows from the records`);
  }
}

/** `START COUNT`, the records as in a tile, the note. */
function formatCommit({ start, records, note }: Commit): Buffer {
  return Buffer.concat([Buffer.from(`${start} ${records.length}\n${formatDataTile(records)}`), note]);
}

/** Throws CHECKSUM_DATABASE for what is not a commit. */
export function parseCommit(bytes: Buffer): Commit {
  const first = bytes.indexOf('\n');
  const [start, count] = bytes.toString('latin1', 0, Math.max(first, 0)).split(' ').map(parseCount);
  if (start === undefined || count === undefined) throw malformed('commit');
  let end = first + 1;
  for (let left = count; left > 0; left -= 1) {
    const next = bytes.indexOf('\n\n', end);
    if (next < 0) throw malformed('commit');
    end = next + 2;
  }
  const records = parseDataTile(bytes.subarray(first + 1, end));
  if (records.length !== count) throw malformed('commit');
  return { start, records, note: bytes.subarray(end) };
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readRegularSync(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw failure(error);
  }
}

async function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw failure(error);
  }
}

/** What failures are about. */
const FOLDER: ServerFolder = { name: 'the folder of the checksum database', place: 'cache.dir/sumdb' };

/** `work`, whose failures are STORAGE errors. */
export function storage<T>(work: Promise<T>): Promise<T> {
  return orStorageError(work, FOLDER);
}

function failure(error: unknown): ModhavenError {
  return storageError(diskReason(error), error, FOLDER);
}
