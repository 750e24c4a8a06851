/**
 * Public checksum databases, passed on and kept (Go Modules Reference, "Checksum database").
 *
 * What is kept is laid out as in GOMODCACHE/cache/download/sumdb and is enough for a client that starts from nothing and
 * reaches no other server. That is more than the answers themselves: a client proves each record in a signed tree, and each
 * tree in the next one it sees. So one tree is the current one (the blob `latest`), and three things hold of it:
 *
 * - The tiles that prove every stored record in it are stored.
 * - The tiles that prove every earlier current tree in it are stored.
 * - It only ever grows, and what it became was proved to begin with what it was.
 *
 * To keep that up, a step from one tree to the next only has to read the tiles of the older tree's right edge as the
 * newer one has them: all other tiles were full, and a full tile never changes. A stored record is answered with the
 * current tree in place of the one it came with, so that all clients prove all records in one and the same.
 */
import type { Logger } from 'pino';
import { ModhavenError, errorMessage, isModhavenError } from '../../errors.js';
import { isCanonicalVersion } from '../../module/version.js';
import { createSingleflight } from '../../concurrency/singleflight.js';
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import { readIfAny, type BlobStore } from '../../store/blob-store.js';
import type { SumdbSource } from '../../upstream/sumdb-source.js';
import { unusable } from '../../upstream/protocol.js';
import type { SumdbAnswer } from '../databases.js';
import type { Verifier } from '../format/note.js';
import { formatRecord, parseRecord, sumsIn } from '../format/record.js';
import { sumdbPath, type LookupRequest, type SumdbRequest } from '../format/request.js';
import { widen, type Tile } from '../format/tile.js';
import { recordHash, storedHashIndex, treeHash } from '../format/tlog.js';
import { openTree, type SignedTree } from '../format/tree-head.js';
import { MirroredTiles } from './mirrored-tiles.js';

export interface MirroredDatabaseOptions {
  /** Where answers are kept, by the name of the database and the path: `Stores.checksums`. */
  blobs: BlobStore;
  source: SumdbSource;
  /** Whether there is an upstream to ask. */
  isOnline: () => boolean;
  /** Whether a module path is private: its lookups stay here. */
  isPrivate: (path: string) => boolean;
  refreshMs: () => number;
  log: Pick<Logger, 'warn'>;
}

/** The signed tree in which everything is proved now. */
interface CurrentTree extends SignedTree {
  asOf: number;
  tag: string;
}

interface StoredRecord {
  number: number;
  record: string;
  tree: SignedTree;
}

/** For so many milliseconds the newest tree is not asked for again because of a tile that it does not have. */
const TREE_MS = 1_000;

/** How often a step is tried again where another replica came between. */
const MAX_STEPS = 5;

/** One database. */
export class MirroredDatabase {
  private readonly name: string;
  private readonly flights = createSingleflight();
  /** The end of the last step to a newer tree. One at a time, or two would prove different things. */
  private lastStep: Promise<unknown> = Promise.resolve();
  private readonly verifier: Verifier;
  private readonly tiles: MirroredTiles;
  private treeAskedAt = -Infinity;
  private readonly options: MirroredDatabaseOptions;

  constructor(verifier: Verifier, options: MirroredDatabaseOptions) {
    this.name = verifier.name;
    this.verifier = verifier;
    this.options = options;
    this.tiles = new MirroredTiles({
      blobs: options.blobs,
      name: this.name,
      fetch: (path) => options.source.read(this.name, path),
    });
  }

  /** As `SumdbMirror.get`. */
  get(request: SumdbRequest): Promise<SumdbAnswer> {
    switch (request.kind) {
      case 'supported':
        return this.supported();
      case 'latest':
        return this.latest();
      case 'tile':
        return this.tile(request.tile);
      case 'lookup':
        return this.lookup(request);
    }
  }

  private blobOf(request: SumdbRequest): string {
    return `${this.name}/${sumdbPath(request)}`;
  }

  private async currentTree(): Promise<CurrentTree | undefined> {
    const known = await readIfAny(this.options.blobs, this.blobOf({ kind: 'latest' }));
    return known && { ...openTree(known.bytes, this.verifier), asOf: known.asOf, tag: known.tag };
  }

  private async supported(): Promise<SumdbAnswer> {
    if (!this.options.isOnline() && (await this.currentTree()) === undefined) {
      throw notStored(`${this.name}/supported`);
    }
    return { body: Buffer.alloc(0), hit: true, immutable: false };
  }

  private async latest(): Promise<SumdbAnswer> {
    const known = await this.currentTree();
    const age = known === undefined ? Infinity : Date.now() - known.asOf;
    const isFresh = age >= 0 && age < this.options.refreshMs(); // below zero: the clock was set back
    if (known !== undefined && (isFresh || !this.options.isOnline())) return answerOf(known, !isFresh);
    if (!this.options.isOnline()) throw notStored(`${this.name}/latest`);
    try {
      return { body: (await this.askForTree()).note, hit: false, immutable: false };
    } catch (error) {
      if (known === undefined || isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
      this.options.log.warn(
        { database: this.name, failure: errorMessage(error) },
        'a checksum database cannot be asked: the last tree is served',
      );
      return answerOf(known, true);
    }
  }

  /**
   * A tile, proved in the current tree. What no tree here proves is passed on as it comes, and neither kept nor called
   * immutable: a client may have seen a newer tree, and proves each tile itself.
   */
  private async tile(wanted: Tile): Promise<SumdbAnswer> {
    const known = await this.tiles.storedAndProved(wanted, await this.currentTree());
    if (known !== undefined) return { body: known, hit: true, immutable: true };
    const path = sumdbPath({ kind: 'tile', tile: wanted });
    return this.flights.run(`${this.name} ${path}`, async () => {
      const tree = await this.treeWith(wanted);
      const stored = await this.tiles.stored(wanted, tree);
      const proved = tree && (await this.provedTile(tree, wanted, stored));
      if (proved !== undefined) return { body: proved, hit: stored !== undefined, immutable: true };
      if (!this.options.isOnline()) throw notStored(`${this.name}/${path}`);
      return { body: await this.tiles.fetch(wanted), hit: false, immutable: false, isProved: false };
    });
  }

  /** The bytes of a tile as `tree` has it; `stored` while what proves it cannot be had. Undefined if it has no such tile. */
  private async provedTile(
    tree: SignedTree,
    wanted: Tile,
    stored: Buffer | undefined,
  ): Promise<Buffer | undefined> {
    try {
      return await this.tiles.provedIn(tree, wanted);
    } catch (error) {
      // What is stored had been proved when it was.
      if (stored === undefined || isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
      return stored;
    }
  }

  /** The current tree, after a step to the newest one where it does not have `wanted`; undefined if there is none. */
  private async treeWith(wanted: Tile): Promise<SignedTree | undefined> {
    const current = await this.currentTree();
    const width = current && widen({ ...wanted, level: Math.max(0, wanted.level) }, current.size)?.width;
    const isRecent = monotonicNow() - this.treeAskedAt < TREE_MS;
    if ((width ?? 0) >= wanted.width || isRecent || !this.options.isOnline()) return current;
    this.treeAskedAt = monotonicNow();
    try {
      return await this.askForTree();
    } catch (error) {
      if (isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
      return current;
    }
  }

  /** The current tree, after a step to the one that the database has now. */
  private askForTree(): Promise<SignedTree> {
    return this.flights.run(`${this.name} latest`, async () => {
      const bytes = await this.options.source.read(this.name, 'latest');
      return this.growTo(openTree(bytes, this.verifier));
    });
  }

  /** Makes `tree` the current one if it is newer, once it is proved to go on from that. Returns the current one. */
  private growTo(tree: SignedTree): Promise<SignedTree> {
    const step = this.lastStep.then(() => this.growNow(tree));
    this.lastStep = step.catch(() => undefined);
    return step;
  }

  private async growNow(tree: SignedTree): Promise<SignedTree> {
    const blob = this.blobOf({ kind: 'latest' });
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.currentTree();
      if (known !== undefined && tree.size < known.size) {
        await this.proveBegins(tree, known);
        return known;
      }
      if (known !== undefined) await this.proveBegins(known, tree);
      else await this.tiles.prove(tree, (read) => read([]));
      const { blobs } = this.options;
      // Another replica may have made a step meanwhile. A current tree that cannot be read is replaced.
      const isMade = await blobs.replace(blob, tree.note, { expected: known?.tag });
      if (isMade || attempt === MAX_STEPS) return tree;
    }
  }

  private async proveBegins(older: SignedTree, newer: SignedTree): Promise<void> {
    const hash = await this.tiles.prove(newer, (read) => treeHash(older.size, read));
    if (hash.equals(older.hash)) return;
    throw new ModhavenError('CHECKSUM_DATABASE', `${this.name} shows two different histories`, {
      reason: `its tree of ${newer.size} records does not begin with its tree of ${older.size} records`,
      remedy: `one of the two is false: keep what is stored of it as evidence, and find out what answers for ${this.name}`,
    });
  }

  private async lookup(request: LookupRequest): Promise<SumdbAnswer> {
    const subject = `${request.module}@${request.version}`;
    if (this.options.isPrivate(request.module)) throw privateModule(subject);
    if (!isCanonicalVersion(request.version)) {
      throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject}: version is not canonical`);
    }
    const blob = this.blobOf(request);
    const stored = await readIfAny(this.options.blobs, blob);
    if (stored !== undefined) {
      const { number, record, tree } = readLookup(stored.bytes, request, this.verifier);
      const current = await this.currentTree();
      const note = current !== undefined && current.size >= tree.size ? current.note : tree.note;
      return { body: formatLookup(number, record, note), hit: true, immutable: false };
    }
    if (!this.options.isOnline()) throw notStored(`${subject} in ${this.name}`);
    return this.flights.run(`${this.name} ${sumdbPath(request)}`, async () => {
      const bytes = await this.options.source.read(this.name, sumdbPath(request));
      const found = readLookup(bytes, request, this.verifier);
      const body = await this.keepRecord(found, blob).catch((error: unknown) => {
        if (isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
        // The client will ask for the tiles itself, and may have more luck.
        this.options.log.warn(
          { subject, failure: errorMessage(error) },
          'a record cannot be proved now: it is passed on and not kept',
        );
        return undefined;
      });
      if (body === undefined) return { body: bytes, hit: false, immutable: false, isProved: false };
      return { body, hit: false, immutable: false };
    });
  }

  private async keepRecord({ number, record, tree }: StoredRecord, blob: string): Promise<Buffer> {
    const current = await this.currentTree();
    const holding = current !== undefined && number < current.size ? current : await this.growTo(tree);
    const [hash] = await this.tiles.prove(holding, (read) => read([storedHashIndex(0, number)]));
    if (hash?.equals(recordHash(Buffer.from(record))) !== true) {
      throw new ModhavenError(
        'CHECKSUM_DATABASE',
        `${this.name} answered a lookup with a record that is not in its tree`,
      );
    }
    const bytes = formatLookup(number, record, holding.note);
    await this.options.blobs.replace(blob, bytes);
    return bytes;
  }
}

function answerOf({ note, asOf }: SignedTree & { asOf: number }, stale: boolean): SumdbAnswer {
  return { body: note, hit: true, immutable: false, asOf, ...(stale ? { stale } : {}) };
}

function formatLookup(number: number, record: string, note: Buffer): Buffer {
  return Buffer.concat([Buffer.from(formatRecord(number, record)), note]);
}

/** Throws HOST_REFUSED or CHECKSUM_DATABASE for what does not answer this question. */
function readLookup(bytes: Buffer, request: LookupRequest, verifier: Verifier): StoredRecord {
  const { number, record, rest } = parseRecord(bytes);
  if (sumsIn(record, request.module, request.version) === undefined) {
    throw unusable(sumdbPath(request), 'it is about another version');
  }
  const tree = openTree(rest, verifier);
  if (number >= tree.size) throw unusable(sumdbPath(request), 'its tree does not hold its record');
  return { number, record, tree };
}

function privateModule(subject: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${subject} is private`, {
    reason: 'this server asks no public checksum database for the modules of its vanity and git hosts',
    remedy: 'set GONOSUMDB (or GOSUMDB) as "modhaven env" prints it',
  });
}

function notStored(subject: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${subject} is not in the cache`, {
    reason: 'this server has no upstream, so checksum data comes from its cache alone (upstream: off)',
    remedy: 'copy it here with "modhaven export" and "import", or set GONOSUMDB for this module',
  });
}
