/**
 * A log that this process may append to: the records of a checksum database, the signed tree over them, and the tiles.
 *
 * A caller that appends a record waits for the commit it is in; records that come meanwhile share the next commit.
 * No client sees a tree before its commit and the witness of it are on disk. When another process was faster, what
 * it committed is read and checked first, and what is still missing follows it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { ModhavenError } from '../../errors.js';
import { damaged, dataTile, logFiles, type LogFiles } from './log-files.js';
import { extend, partialTile, treeOf, type FullTile } from './frontier.js';
import { EMPTY_STATE, isSealedBy, readHistory, type LogState } from './log-history.js';
import type { Signer, Verifier } from '../format/note.js';
import { formatDataTile, isRecord, parseDataTile, subjectOf } from '../format/record.js';
import { TILE_HEIGHT, TILE_WIDTH, tilePath, type Tile } from '../format/tile.js';
import { EMPTY_HASH, HASH_SIZE, recordHash } from '../format/tlog.js';
import type { SharedLog } from './shared-log.js';
import { signTree, type SignedTree } from '../format/tree-head.js';
import { createWitness, type Witness } from './witness.js';
import { checkWitness, sayHowJoined } from './join.js';

/** A log that is read only. */
export interface LogView {
  readonly dir: string;
  readonly witness: Witness;
  /** Number of records. */
  size(): number;
  /** The newest signed tree; undefined if nothing was ever recorded. */
  head(): SignedTree | undefined;
  /** The number of the record of a version. */
  find(module: string, version: string): number | undefined;
  /** A record that is there. */
  record(number: number): Promise<string>;
  /** The bytes of a tile of height 8, of hashes or of records; undefined if the tree has none, or not so wide. */
  tile(tile: Tile): Promise<Buffer | undefined>;
}

export interface ChecksumLog extends LogView {
  readonly verifier: Verifier;
  /** The newest signed tree. */
  head(): SignedTree;
  /** Appends a record and answers with its number; one of the same version that is there already stays. */
  append(record: string): Promise<number>;
  /**
   * Takes over what other replicas have appended, as far as that was not just done. Throws STORAGE if it is damaged.
   * `misses`: the caller knows that there is more, and waits until it was looked for after this call.
   */
  refresh(options?: { misses?: boolean }): Promise<void>;
}

export interface LogPlace {
  /** The folder of the log. */
  dir: string;
  /** The file of the witness. */
  witnessFile: string;
  /** Where all replicas have the log, of which `dir` is this one's copy; absent: `dir` is the log itself. */
  shared?: SharedLog | undefined;
}

/** For so many milliseconds after a look at the files, there is no other. */
const FRESH_MS = 500;
/** Parsed tiles of records that are kept in memory: of 256 records each, some 64 KiB. */
const MAX_PARSED = 32;

/**
 * Reads a log and checks all of it, without the right to append. Throws STORAGE if it is damaged, or older than its
 * witness; with `trustsLog`, the witness may be missing.
 */
export function readLog(place: LogPlace, verifier: Verifier, { trustsLog = false } = {}): LogView {
  return openState(place, verifier, trustsLog).view;
}

/** Opens a log for appending, on the same terms. */
export function openLog(place: LogPlace, signer: Signer, log: Pick<Logger, 'warn' | 'info'>): ChecksumLog {
  // A new replica has no witness yet: it joins what the others have signed, and is a witness from then on.
  const opened = openState(place, signer.verifier, place.shared !== undefined);
  if (place.shared !== undefined) {
    const { known, view } = opened;
    sayHowJoined({ known, records: view.size(), place: place.shared.place, witness: view.witness.file }, log);
  }
  const appender = new Appender(opened, signer, log);
  const empty = signTree({ size: 0, hash: EMPTY_HASH }, signer);
  return {
    ...opened.view,
    verifier: signer.verifier,
    head: () => opened.view.head() ?? empty,
    append: (record) => appender.append(record),
    refresh: ({ misses = false } = {}) => (misses ? appender.refreshAnew() : appender.refresh()),
  };
}

/** Appends what waits, one commit after the other. */
class Appender {
  private readonly opened: Opened;
  private readonly signer: Signer;
  private readonly log: Pick<Logger, 'warn'>;
  private queue: WaitingRecord[] = [];
  private committing: Promise<void> | undefined;
  private refreshing: Promise<void> | undefined;
  private nextRefresh: Promise<void> | undefined;
  private freshUntil = 0;

  constructor(opened: Opened, signer: Signer, log: Pick<Logger, 'warn'>) {
    this.opened = opened;
    this.signer = signer;
    this.log = log;
  }

  /** As `ChecksumLog.append`. */
  append(record: string): Promise<number> {
    const subject = subjectOf(record);
    if (subject === undefined || !isRecord(record)) {
      return Promise.reject(new ModhavenError('CHECKSUM_DATABASE', 'malformed record'));
    }
    return new Promise((done, failed) => {
      this.queue.push({ record, subject, done, failed });
      this.committing ??= this.work();
    });
  }

  /** As `ChecksumLog.refresh`. */
  refresh(): Promise<void> {
    const isFresh = this.committing !== undefined || performance.now() < this.freshUntil;
    if (!this.opened.files.isShared || isFresh) return Promise.resolve();
    this.refreshing ??= this.catchUp().finally(() => {
      this.refreshing = undefined;
      this.freshUntil = performance.now() + FRESH_MS;
    });
    return this.refreshing;
  }

  /** As `ChecksumLog.refresh`, for a caller that misses a record. However many call it, the files are read twice a second. */
  refreshAnew(): Promise<void> {
    if (!this.opened.files.isShared) return Promise.resolve();
    this.nextRefresh ??= this.waitForTurn().then(() => {
      this.nextRefresh = undefined; // a later caller may miss a later record
      return this.refresh();
    });
    return this.nextRefresh;
  }

  private async waitForTurn(): Promise<void> {
    // What is under way may have looked too early.
    while (this.refreshing !== undefined || this.committing !== undefined) {
      await Promise.allSettled([this.refreshing, this.committing]);
    }
    // A timer may come a millisecond early, and then what was just looked for would still count as fresh.
    while (performance.now() < this.freshUntil) {
      await sleep(Math.ceil(this.freshUntil - performance.now()), undefined, { ref: false });
    }
  }

  private async work(): Promise<void> {
    if (this.refreshing !== undefined) await this.refreshing.catch(() => undefined);
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      try {
        const records = new Map<string, string>();
        for (const { subject, record } of batch) if (!records.has(subject)) records.set(subject, record);
        await this.commitAll(records);
        for (const { subject, done } of batch) done(this.opened.index.get(subject) ?? NaN);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.committing = undefined; // at once: what is appended from here on begins anew
  }

  /** Records by the version they are about. */
  private async commitAll(missing: Map<string, string>): Promise<void> {
    for (;;) {
      const start = this.opened.state().frontier.size;
      const next = new Map<string, string>();
      for (const [subject, record] of missing) {
        if (next.size === TILE_WIDTH - (start % TILE_WIDTH)) break;
        if (this.isThere(subject)) missing.delete(subject);
        else next.set(subject, record);
      }
      if (next.size === 0) return;
      if (!(await this.commit(start, next))) await this.catchUp();
      await this.seal().catch((error: unknown) => {
        // The records are safe in their commits, and the tiles in memory: the next commit tries again.
        this.log.warn({ err: error }, 'the checksum database could not write its tiles');
      });
    }
  }

  /** False if somebody else has committed at this place. */
  private async commit(start: number, added: ReadonlyMap<string, string>): Promise<boolean> {
    const before = this.opened.state();
    const records = [...added.values()];
    let { frontier } = before;
    const full: FullTile[] = [];
    for (const record of records) {
      const next = extend(frontier, recordHash(Buffer.from(record)));
      frontier = next.frontier;
      full.push(...next.full);
    }
    const head = signTree(treeOf(frontier), this.signer);
    const isFirst = await this.opened.files.createCommit({ start, records, note: head.note });
    // A process that slept meanwhile may find the place empty again, because what was there is sealed.
    if (!isFirst || (await this.opened.files.isSealedAnywhere(Math.floor(start / TILE_WIDTH)))) return false;
    await this.opened.view.witness.advance(head);
    for (const [i, subject] of [...added.keys()].entries()) this.opened.index.set(subject, start + i);
    this.opened.use({
      ...before,
      frontier,
      head,
      tail: [...before.tail, ...records],
      unsealed: [...before.unsealed, ...full],
    });
    return true;
  }

  /** Takes over what another process has committed, or what this one could not witness. */
  private async catchUp(): Promise<void> {
    const { frontier, sealed } = this.opened.state();
    await this.opened.files.refresh({ size: frontier.size, sealed });
    const next = this.opened.readOn();
    if (next.head !== undefined) await this.opened.view.witness.advance(next.head);
    this.opened.use(next);
  }

  private async seal(): Promise<void> {
    const { unsealed, frontier } = this.opened.state();
    for (const { tile, data } of unsealed) await this.opened.files.createTile(tile, data);
    while (this.opened.state().frontier.size - this.opened.state().sealed >= TILE_WIDTH) {
      const { sealed, tail } = this.opened.state();
      const tile = dataTile(sealed / TILE_WIDTH);
      await this.opened.files.createTile(tile, Buffer.from(formatDataTile(tail.slice(0, TILE_WIDTH))));
      const now = this.opened.state();
      this.opened.use({
        ...now,
        sealed: sealed + TILE_WIDTH,
        tail: now.tail.slice(TILE_WIDTH),
        unsealed: now.unsealed.filter((full) => !isSealedBy(sealed + TILE_WIDTH, full)),
      });
    }
    await this.removeSealed(frontier.size);
  }

  /** Removes commits that mean nothing any more; not while one of them holds the newest signed tree. */
  private async removeSealed(size: number): Promise<void> {
    const { sealed } = this.opened.state();
    if (size === sealed) return;
    for (const start of this.opened.files.commitStarts()) {
      if (start < sealed) await this.opened.files.removeCommit(start);
    }
  }

  private isThere(subject: string): boolean {
    return (this.opened.index.get(subject) ?? Infinity) < this.opened.state().frontier.size;
  }
}

interface WaitingRecord {
  record: string;
  subject: string;
  done: (number: number) => void;
  failed: (error: unknown) => void;
}

interface Opened {
  files: LogFiles;
  /** What the witness said at the start. */
  known: SignedTree | undefined;
  view: LogView;
  /** `module@version` → number of its record. */
  index: Map<string, number>;
  state: () => LogState;
  use: (next: LogState) => void;
  /** The state after what is on disk beyond this one. */
  readOn: () => LogState;
}

function openState({ dir, witnessFile, shared }: LogPlace, verifier: Verifier, trustsLog: boolean): Opened {
  const files = logFiles(dir, shared);
  const witness = createWitness(witnessFile, verifier);
  const known = witness.read();
  const index = new Map<string, number>();
  const parsed = new LRUCache<number, string[]>({ max: MAX_PARSED });

  function onRecord(record: string, number: number): void {
    const subject = subjectOf(record);
    if (subject === undefined) throw damaged(dir, `record ${number} is about no version`);
    // A copy: a part of a text keeps the whole text in memory.
    if (!index.has(subject)) index.set(Buffer.from(subject).toString(), number);
  }

  /** A commit that a process left which came too late may have been read, before it showed that it means nothing. */
  function onUndone(size: number): void {
    for (const [subject, number] of index) if (number >= size) index.delete(subject);
  }

  let state = readHistory(files, EMPTY_STATE, { verifier, onRecord, onUndone, ancestor: known });
  checkWitness(dir, state.frontier.size, known, witness, trustsLog);

  /** Records of one tile, from `first` on. */
  async function records(first: number, count: number): Promise<string[]> {
    const { sealed, tail } = state;
    if (first >= sealed) return tail.slice(first - sealed, first - sealed + count);
    const within = first % TILE_WIDTH;
    return (await sealedRecords(files, parsed, Math.floor(first / TILE_WIDTH))).slice(within, within + count);
  }

  async function hashes(tile: Tile): Promise<Buffer | undefined> {
    const { frontier, unsealed } = state;
    const path = tilePath({ ...tile, width: TILE_WIDTH });
    const full = unsealed.find((candidate) => tilePath(candidate.tile) === path)?.data;
    const bytes =
      full ?? partialTile(frontier, tile) ?? (await files.readTile({ ...tile, width: TILE_WIDTH }));
    return bytes?.subarray(0, tile.width * HASH_SIZE);
  }

  const view: LogView = {
    dir,
    witness,
    size: () => state.frontier.size,
    head: () => state.head,
    find(module, version) {
      const number = index.get(`${module}@${version}`);
      return number !== undefined && number < state.frontier.size ? number : undefined;
    },
    async record(number) {
      const [record] = await records(number, 1);
      if (record === undefined) throw damaged(dir, `record ${number} is missing`);
      return record;
    },
    async tile(tile) {
      if (tile.height !== TILE_HEIGHT) return undefined;
      const end = (tile.number * TILE_WIDTH + tile.width) * TILE_WIDTH ** Math.max(tile.level, 0);
      if (end > state.frontier.size) return undefined;
      if (tile.level >= 0) return hashes(tile);
      return Buffer.from(formatDataTile(await records(tile.number * TILE_WIDTH, tile.width)));
    },
  };
  return {
    files,
    known,
    view,
    index,
    state: () => state,
    use: (next) => void (state = next),
    readOn: () => readHistory(files, state, { verifier, onRecord, onUndone }),
  };
}

/** The records of the full tile `number`; `parsed` holds those that were read last. Throws STORAGE where it is missing. */
async function sealedRecords(
  files: LogFiles,
  parsed: LRUCache<number, string[]>,
  number: number,
): Promise<string[]> {
  const found = parsed.get(number);
  if (found !== undefined) return found;
  const bytes = await files.readTile(dataTile(number));
  if (bytes === undefined) throw damaged(files.dir, `${tilePath(dataTile(number))} is missing`);
  const records = parseDataTile(bytes);
  parsed.set(number, records);
  return records;
}
