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
import { diskReady, type DiskWatch } from '../../fs/disk-watch.js';
import { damaged, dataTile, logFiles, type LogFiles } from './log-files.js';
import { extend, partialTile, treeOf, type FullTile } from './frontier.js';
import { EMPTY_STATE, isSealedBy, readHistory, type History, type LogState } from './log-history.js';
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
  /** The disk of `dir`, where it may hang under a server. What is in memory is answered all the same. */
  disk?: Pick<DiskWatch, 'run'> | undefined;
}

/** What a command reads: its caller can see that it stands still. */
const UNWATCHED: Pick<DiskWatch, 'run'> = { run: (work) => work() };

/** The shortest time between two looks at the files, in milliseconds. */
const FRESH_MS = 500;
/** Parsed tiles of records that are kept in memory: of 256 records each, some 64 KiB. */
const MAX_PARSED = 32;

/**
 * Reads a log and checks all of it, without the right to append. Throws STORAGE if it is damaged, or older than its
 * witness; with `trustsLog`, the witness may be missing.
 */
export function readLog(place: LogPlace, verifier: Verifier, { trustsLog = false } = {}): LogView {
  return new OpenedLog(place, verifier, trustsLog);
}

/** Opens a log for appending, on the same terms. */
export function openLog(place: LogPlace, signer: Signer, log: Pick<Logger, 'warn' | 'info'>): ChecksumLog {
  return new AppendableLog(place, signer, log);
}

/** A log that was read and checked. */
class OpenedLog implements LogView {
  readonly dir: string;
  readonly witness: Witness;
  readonly verifier: Verifier;
  protected readonly files: LogFiles;
  protected readonly disk: Pick<DiskWatch, 'run'>;
  /** What the witness said at the start. */
  protected readonly known: SignedTree | undefined;
  /** `module@version` → number of its record. */
  protected readonly index = new Map<string, number>();
  protected state: LogState;
  private readonly parsed = new LRUCache<number, string[]>({ max: MAX_PARSED });

  constructor(
    { dir, witnessFile, shared, disk = UNWATCHED }: LogPlace,
    verifier: Verifier,
    trustsLog: boolean,
  ) {
    this.dir = dir;
    this.verifier = verifier;
    this.files = logFiles(dir, shared);
    this.disk = disk;
    this.witness = createWitness(witnessFile, verifier);
    this.known = this.witness.read();
    this.state = readHistory(this.files, EMPTY_STATE, { ...this.reading(), ancestor: this.known });
    checkWitness(dir, this.size(), this.known, this.witness, trustsLog);
  }

  size(): number {
    return this.state.frontier.size;
  }

  head(): SignedTree | undefined {
    return this.state.head;
  }

  find(module: string, version: string): number | undefined {
    const number = this.index.get(`${module}@${version}`);
    return number !== undefined && number < this.size() ? number : undefined;
  }

  async record(number: number): Promise<string> {
    const [record] = await this.records(number, 1);
    if (record === undefined) throw damaged(this.dir, `record ${number} is missing`);
    return record;
  }

  async tile(tile: Tile): Promise<Buffer | undefined> {
    if (tile.height !== TILE_HEIGHT) return undefined;
    const end = (tile.number * TILE_WIDTH + tile.width) * TILE_WIDTH ** Math.max(tile.level, 0);
    if (end > this.size()) return undefined;
    if (tile.level >= 0) return this.hashes(tile);
    return Buffer.from(formatDataTile(await this.records(tile.number * TILE_WIDTH, tile.width)));
  }

  /** The state after what is on disk beyond this one. */
  protected readOn(): LogState {
    return readHistory(this.files, this.state, this.reading());
  }

  private reading(): History {
    return {
      verifier: this.verifier,
      onRecord: (record, number) => this.indexRecord(record, number),
      onUndone: (size) => this.forgetFrom(size),
    };
  }

  private indexRecord(record: string, number: number): void {
    const subject = subjectOf(record);
    if (subject === undefined) throw damaged(this.dir, `record ${number} is about no version`);
    // A copy: a part of a text keeps the whole text in memory.
    if (!this.index.has(subject)) this.index.set(Buffer.from(subject).toString(), number);
  }

  /** Undoes the records of a commit that came too late: it may have been read before that was known. */
  private forgetFrom(size: number): void {
    for (const [subject, number] of this.index) if (number >= size) this.index.delete(subject);
  }

  /** Records of one tile, from `first` on. */
  private async records(first: number, count: number): Promise<string[]> {
    const { sealed, tail } = this.state;
    if (first >= sealed) return tail.slice(first - sealed, first - sealed + count);
    const within = first % TILE_WIDTH;
    return (await this.sealedRecords(Math.floor(first / TILE_WIDTH))).slice(within, within + count);
  }

  /** The records of the full tile `number`. Throws STORAGE where it is missing. */
  private async sealedRecords(number: number): Promise<string[]> {
    const found = this.parsed.get(number);
    if (found !== undefined) return found;
    const bytes = await this.readTile(dataTile(number));
    if (bytes === undefined) throw damaged(this.files.dir, `${tilePath(dataTile(number))} is missing`);
    const records = parseDataTile(bytes);
    this.parsed.set(number, records);
    return records;
  }

  private async hashes(tile: Tile): Promise<Buffer | undefined> {
    const { frontier, unsealed } = this.state;
    const path = tilePath({ ...tile, width: TILE_WIDTH });
    const full = unsealed.find((candidate) => tilePath(candidate.tile) === path)?.data;
    const bytes =
      full ?? partialTile(frontier, tile) ?? (await this.readTile({ ...tile, width: TILE_WIDTH }));
    return bytes?.subarray(0, tile.width * HASH_SIZE);
  }

  private readTile(tile: Tile): Promise<Buffer | undefined> {
    return this.disk.run(() => this.files.readTile(tile));
  }
}

/** Appends what waits, one commit after the other. */
class AppendableLog extends OpenedLog implements ChecksumLog {
  private readonly signer: Signer;
  private readonly log: Pick<Logger, 'warn'>;
  /** Whether other replicas append to it, too. */
  private readonly isShared: boolean;
  /** The tree of a log without a record. */
  private readonly empty: SignedTree;
  private queue: WaitingRecord[] = [];
  private committing: Promise<void> | undefined;
  private refreshing: Promise<void> | undefined;
  private nextRefresh: Promise<void> | undefined;
  private freshUntil = 0;

  constructor(place: LogPlace, signer: Signer, log: Pick<Logger, 'warn' | 'info'>) {
    // A new replica has no witness yet: it joins what the others have signed, and is a witness from then on.
    super(place, signer.verifier, place.shared !== undefined);
    this.signer = signer;
    this.log = log;
    this.isShared = place.shared !== undefined;
    if (place.shared !== undefined) {
      const { known, witness } = this;
      sayHowJoined({ known, records: this.size(), place: place.shared.place, witness: witness.file }, log);
    }
    this.empty = signTree({ size: 0, hash: EMPTY_HASH }, signer);
  }

  override head(): SignedTree {
    return super.head() ?? this.empty;
  }

  append(record: string): Promise<number> {
    const subject = subjectOf(record);
    if (subject === undefined || !isRecord(record)) {
      return Promise.reject(new ModhavenError('CHECKSUM_DATABASE', 'malformed record'));
    }
    const appended = () =>
      new Promise<number>((done, failed) => {
        this.queue.push({ record, subject, done, failed });
        this.committing ??= this.work();
      });
    return this.disk.run(appended);
  }

  refresh({ misses = false } = {}): Promise<void> {
    if (!this.isShared) return Promise.resolve();
    return this.disk.run(() => (misses ? this.refreshAnew() : this.refreshOnce()));
  }

  private refreshOnce(): Promise<void> {
    if (this.committing !== undefined || performance.now() < this.freshUntil) return Promise.resolve();
    this.refreshing ??= this.catchUp().finally(() => {
      this.refreshing = undefined;
      this.freshUntil = performance.now() + FRESH_MS;
    });
    return this.refreshing;
  }

  /** For a caller that misses a record. However many call it, the files are read twice a second. */
  private refreshAnew(): Promise<void> {
    this.nextRefresh ??= this.waitForTurn().then(() => {
      this.nextRefresh = undefined; // a later caller may miss a later record
      return this.refreshOnce();
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
        for (const { subject, done } of batch) done(this.index.get(subject) ?? NaN);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.committing = undefined; // at once: what is appended from here on begins anew
  }

  /** Records by the version they are about. */
  private async commitAll(missing: Map<string, string>): Promise<void> {
    for (;;) {
      const start = this.state.frontier.size;
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
    const before = this.state;
    const records = [...added.values()];
    let { frontier } = before;
    const full: FullTile[] = [];
    for (const record of records) {
      const next = extend(frontier, recordHash(Buffer.from(record)));
      frontier = next.frontier;
      full.push(...next.full);
    }
    const head = signTree(treeOf(frontier), this.signer);
    const isFirst = await this.files.createCommit({ start, records, note: head.note });
    // A process that slept meanwhile may find the place empty again, because what was there is sealed.
    if (!isFirst || (await this.files.isSealedAnywhere(Math.floor(start / TILE_WIDTH)))) return false;
    await this.witness.advance(head);
    for (const [i, subject] of [...added.keys()].entries()) this.index.set(subject, start + i);
    this.state = {
      ...before,
      frontier,
      head,
      tail: [...before.tail, ...records],
      unsealed: [...before.unsealed, ...full],
    };
    return true;
  }

  /** Takes over what another process has committed, or what this one could not witness. */
  private async catchUp(): Promise<void> {
    const { frontier, sealed } = this.state;
    await this.files.refresh({ size: frontier.size, sealed });
    await diskReady(this.dir);
    const next = this.readOn();
    if (next.head !== undefined) await this.witness.advance(next.head);
    this.state = next;
  }

  private async seal(): Promise<void> {
    const { unsealed, frontier } = this.state;
    for (const { tile, data } of unsealed) await this.files.createTile(tile, data);
    while (this.state.frontier.size - this.state.sealed >= TILE_WIDTH) {
      const { sealed, tail } = this.state;
      const tile = dataTile(sealed / TILE_WIDTH);
      await this.files.createTile(tile, Buffer.from(formatDataTile(tail.slice(0, TILE_WIDTH))));
      const now = this.state;
      this.state = {
        ...now,
        sealed: sealed + TILE_WIDTH,
        tail: now.tail.slice(TILE_WIDTH),
        unsealed: now.unsealed.filter((full) => !isSealedBy(sealed + TILE_WIDTH, full)),
      };
    }
    await this.removeSealed(frontier.size);
  }

  /** Removes commits that mean nothing any more; not while one of them holds the newest signed tree. */
  private async removeSealed(size: number): Promise<void> {
    const { sealed } = this.state;
    if (size === sealed) return;
    await diskReady(this.dir);
    for (const start of this.files.commitStarts()) {
      if (start < sealed) await this.files.removeCommit(start);
    }
  }

  private isThere(subject: string): boolean {
    return (this.index.get(subject) ?? Infinity) < this.state.frontier.size;
  }
}

interface WaitingRecord {
  record: string;
  subject: string;
  done: (number: number) => void;
  failed: (error: unknown) => void;
}
