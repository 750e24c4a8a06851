/**
 * Room on the disk of `cache.dir`. A part of it, the reserve, is kept free: `gc` makes room as soon as less is free. Where
 * half of the reserve is used up, because nothing more may be removed, nothing new is fetched until there is room again:
 * what is stored is served, and what serves it (notes of use, tokens, logs beside it) can still be written.
 */
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModhavenError } from '../errors.js';
import { sizeText } from '../size-text.js';

/** Of bytes or of inodes. */
export interface Supply {
  total: number;
  /** What an account without special rights may still use. */
  free: number;
  /** What should be free. */
  reserve: number;
}

export interface DiskSpace {
  bytes: Supply;
  /** All of it is 0 on a disk without a number of inodes. */
  inodes: Supply;
}

/** What should be free: this part of the disk, and no more than so many bytes and inodes. */
const RESERVE = { share: 0.05, bytes: 2 ** 30, inodes: 10_000 };

/**
 * A look at the disk holds so long, in milliseconds, and only where the whole reserve was free: it costs little, and a burst of
 * zips fills what is left of a small disk within some milliseconds.
 */
const HOLDS_MS = 10;

/** How long a fetch waits for room to be made, in milliseconds. */
const WAIT_MS = 10_000;

/** How often room is made for one fetch: what was made may be used up by others before it looks again. */
const MOST_TRIES = 3;

export interface RoomLog {
  error(details: object, message: string): void;
}

export class DiskRoom {
  private readonly dir: string;
  private readonly log: RoomLog | undefined;
  private makeRoom: () => Promise<boolean> = () => Promise.resolve(false);
  private looking: Promise<DiskSpace | undefined> = Promise.resolve(undefined);
  /** Until when `looking` holds. */
  private until = 0;
  private last: DiskSpace | undefined;
  private isTold = false;

  /** Of the disk that `dir` is on, which need not exist. */
  constructor(dir: string, log?: RoomLog) {
    this.dir = dir;
    this.log = log;
  }

  /** Has `makeRoom` called where there is too little: whether it may be enough now. */
  whenShort(makeRoom: () => Promise<boolean>): void {
    this.makeRoom = makeRoom;
  }

  /** Asks the file system now; undefined where it does not say. */
  look(): Promise<DiskSpace | undefined> {
    this.until = performance.now() + HOLDS_MS;
    this.looking = spaceOf(this.dir).then((space) => {
      this.last = space;
      if (space !== undefined && missingBytes(space, 1) > 0) this.until = 0;
      if (space === undefined || shortageOf(space) === undefined) this.isTold = false;
      return space;
    });
    return this.looking;
  }

  /** Why nothing new may be fetched, undefined if it may. Asks the file system every 10 ms at most, as long as the reserve is free. */
  async shortage(): Promise<ModhavenError | undefined> {
    const space = await (performance.now() < this.until ? this.looking : this.look());
    return space && shortageOf(space);
  }

  /** Throws STORAGE while there is no room for anything new, also after what may be removed was removed. */
  async assert(): Promise<void> {
    let shortage = await this.shortage();
    for (let tries = 0; shortage !== undefined && tries < MOST_TRIES; tries += 1) {
      if (!(await this.hasMadeRoom())) break;
      const space = await this.look();
      shortage = space && shortageOf(space);
    }
    if (shortage === undefined) return;
    this.tell(shortage);
    throw shortage;
  }

  /** For `/-/status`, as of the last look; undefined before the first. */
  report(): unknown {
    const { last } = this;
    return last && { free: last.bytes.free, reserve: last.bytes.reserve, error: shortageOf(last)?.reason };
  }

  private async hasMadeRoom(): Promise<boolean> {
    const isOver = new AbortController();
    const { signal } = isOver;
    const late = sleep(WAIT_MS, false, { ref: false, signal }).catch(() => false);
    try {
      return await Promise.race([this.makeRoom(), late]);
    } finally {
      isOver.abort();
    }
  }

  /** Once, until there was room again. */
  private tell({ message, reason, remedy }: ModhavenError): void {
    if (this.isTold) return;
    this.isTold = true;
    this.log?.error({ dir: this.dir, reason, remedy }, message);
  }
}

/**
 * Bytes that have to go for the reserve, of `held` that may. Of what the disk lacks in inodes it is only known which part of
 * all that are in use: so as large a part of the bytes is to go.
 */
export function missingBytes({ bytes, inodes }: DiskSpace, held: number): number {
  const missing = ({ free, reserve }: Supply) => Math.max(0, reserve - free);
  const ofInodes = missing(inodes) > 0 ? (held * missing(inodes)) / (inodes.total - inodes.free) : 0;
  return Math.ceil(Math.max(missing(bytes), ofInodes));
}

async function spaceOf(dir: string): Promise<DiskSpace | undefined> {
  const disk = await statfs(dir).catch(() => undefined);
  if (disk === undefined) return undefined;
  const { blocks, bavail, bsize, files, ffree } = disk;
  const supply = (total: number, free: number, most: number): Supply => ({
    total,
    free,
    reserve: Math.floor(Math.min(most, total * RESERVE.share)),
  });
  return {
    bytes: supply(blocks * bsize, bavail * bsize, RESERVE.bytes),
    inodes: supply(files, ffree, RESERVE.inodes),
  };
}

function shortageOf({ bytes, inodes }: DiskSpace): ModhavenError | undefined {
  const texts = [
    wordsOf(bytes, sizeText),
    wordsOf(inodes, (count) => `${count.toFixed(0)} ${count === 1 ? 'inode' : 'inodes'}`),
  ];
  const reason = texts.find((text) => text !== undefined);
  if (reason === undefined) return undefined;
  return new ModhavenError('STORAGE', 'the cache directory of modhaven has no room for anything new', {
    reason,
    remedy: 'make room on the disk of cache.dir, or give it a larger one; what is stored is served meanwhile',
    remedyBy: 'admin',
  });
}

/** Undefined while at least half of the reserve is free. */
function wordsOf({ total, free, reserve }: Supply, text: (amount: number) => string): string | undefined {
  const least = Math.floor(reserve / 2);
  if (!(free < least)) return undefined;
  return `the disk is full but for ${text(free)} of ${text(total)}; below ${text(least)} nothing new is fetched`;
}
