/**
 * Public checksum databases, passed on and kept (Go Modules Reference, "Checksum database").
 *
 * What is kept is laid out as in GOMODCACHE/cache/download/sumdb and is enough for a client that starts from nothing and
 * reaches no other server. That is more than the answers themselves: a client proves each record in a signed tree, and each
 * tree in the next one it sees. So one tree is the current one (the file `latest`), and three things hold of it:
 *
 * - The tiles that prove every stored record in it are stored.
 * - The tiles that prove every earlier current tree in it are stored.
 * - It only ever grows, and what it became was proved to begin with what it was.
 *
 * To keep that up, a step from one tree to the next only has to read the tiles of the older tree's right edge as the
 * newer one has them: all other tiles were full, and a full tile never changes. A stored record is answered with the
 * current tree in place of the one it came with, so that all clients prove all records in one and the same.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ModhavenError, errorMessage, isModhavenError } from '../../errors.js';
import { isCanonicalVersion } from '../../module/version.js';
import { createSingleflight } from '../../concurrency/singleflight.js';
import type { SumdbAnswer } from '../databases.js';
import { knownDatabase } from './known-databases.js';
import { proveWithTiles } from './prove.js';
import type { Verifier } from '../format/note.js';
import { formatRecord, parseRecord, sumsIn } from '../format/record.js';
import { parseSumdbRequest, sumdbPath, type SumdbRequest } from '../format/request.js';
import { TILE_WIDTH, type Tile } from '../format/tile.js';
import { HASH_SIZE, recordHash, storedHashIndex, treeHash, type HashReader } from '../format/tlog.js';
import { openTree, type SignedTree } from '../format/tree-head.js';
import { writeTimestamped, readTimestamped } from '../../fs/timestamped-file.js';
import type { SumdbSource } from '../../upstream/sumdb-source.js';
import { unusable } from '../../upstream/protocol.js';

export interface SumdbMirror {
  /**
   * What database `name` says to `path`, decoded, without a slash before it. Throws INVALID_PATH or INVALID_VERSION for
   * malformed lookups, MODULE_NOT_FOUND for private modules and for what is not to be had, a HOST_ code or
   * CHECKSUM_DATABASE where the database cannot be asked or is not to be believed.
   */
  get(name: string, path: string): Promise<SumdbAnswer>;
}

export interface SumdbMirrorOptions {
  /** `<cache.dir>/download/sumdb`. */
  dir: string;
  source: SumdbSource;
  /** Whether there is an upstream to ask. */
  isOnline: () => boolean;
  /** Whether a module path is private: its lookups stay here. */
  isPrivate: (path: string) => boolean;
  refreshMs: () => number;
  log: Pick<Logger, 'warn'>;
  /** Keys by the name of the database. Default: those that the go command knows. */
  verifierOf?: (name: string) => Verifier | undefined;
}

type Lookup = Extract<SumdbRequest, { kind: 'lookup' }>;

interface StoredRecord {
  number: number;
  record: string;
  tree: SignedTree;
}

export function createSumdbMirror(options: SumdbMirrorOptions): SumdbMirror {
  const { verifierOf = knownDatabase } = options;
  const databases = new Map<string, MirroredDatabase>();
  return {
    async get(name, path) {
      const verifier = verifierOf(name);
      if (verifier === undefined) throw unknownDatabase(name);
      const database = databases.get(name) ?? new MirroredDatabase(verifier, options);
      databases.set(name, database); // there are no more than keys that are known
      return database.get(parseSumdbRequest(path));
    },
  };
}

/** One database. */
class MirroredDatabase {
  private readonly name: string;
  private readonly flights = createSingleflight();
  /** The end of the last step to a newer tree. One at a time, or two would prove different things. */
  private lastStep: Promise<unknown> = Promise.resolve();
  private readonly verifier: Verifier;
  private readonly options: SumdbMirrorOptions;

  constructor(verifier: Verifier, options: SumdbMirrorOptions) {
    this.name = verifier.name;
    this.verifier = verifier;
    this.options = options;
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

  private fileOf(request: SumdbRequest): string {
    return join(this.options.dir, this.name, sumdbPath(request));
  }

  private async currentTree(): Promise<(SignedTree & { asOf: number }) | undefined> {
    const known = await readTimestamped(this.fileOf({ kind: 'latest' }));
    return known && { ...openTree(known.bytes, this.verifier), asOf: known.askedAt };
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
      return await this.flights.run(`${this.name} latest`, async () => {
        const tree = openTree(await this.options.source.read(this.name, 'latest'), this.verifier);
        return { body: (await this.growTo(tree)).note, hit: false, immutable: false };
      });
    } catch (error) {
      if (known === undefined || isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
      this.options.log.warn(
        { database: this.name, failure: errorMessage(error) },
        'a checksum database cannot be asked: the last tree is served',
      );
      return answerOf(known, true);
    }
  }

  private async tile(wanted: Tile): Promise<SumdbAnswer> {
    const stored = await this.storedTile(wanted);
    if (stored !== undefined) return { body: stored, hit: true, immutable: true };
    const path = sumdbPath({ kind: 'tile', tile: wanted });
    if (!this.options.isOnline()) throw notStored(`${this.name}/${path}`);
    return this.flights.run(`${this.name} ${path}`, async () => {
      const body = await this.fetchTile(wanted);
      await this.keepTile(wanted, body);
      return { body, hit: false, immutable: true };
    });
  }

  /** Also the beginning of the full one. */
  private async storedTile(wanted: Tile): Promise<Buffer | undefined> {
    const exact = await readTimestamped(this.fileOf({ kind: 'tile', tile: wanted }));
    if (exact !== undefined || wanted.width === TILE_WIDTH || wanted.level < 0) return exact?.bytes;
    const full = await readTimestamped(this.fileOf({ kind: 'tile', tile: { ...wanted, width: TILE_WIDTH } }));
    return full?.bytes.subarray(0, wanted.width * HASH_SIZE);
  }

  private async fetchTile(wanted: Tile): Promise<Buffer> {
    const path = sumdbPath({ kind: 'tile', tile: wanted });
    const bytes = await this.options.source.read(this.name, path);
    if (wanted.level >= 0 && bytes.length !== wanted.width * HASH_SIZE) {
      throw unusable(path, `it has ${bytes.length} bytes, not ${wanted.width * HASH_SIZE}`);
    }
    return bytes;
  }

  private async keepTile(wanted: Tile, bytes: Buffer): Promise<void> {
    await writeTimestamped(this.fileOf({ kind: 'tile', tile: wanted }), { bytes, askedAt: Date.now() });
  }

  /** The result of `prove` with stored tiles, else with tiles that are fetched again. */
  private withTiles<T>(tree: SignedTree, prove: (read: HashReader) => Promise<T>): Promise<T> {
    const tiles = {
      read: (wanted: Tile) => this.storedTile(wanted),
      fetch: (wanted: Tile) => this.fetchTile(wanted),
      keep: (wanted: Tile, bytes: Buffer) => this.keepTile(wanted, bytes),
    };
    return proveWithTiles(tree, tiles, prove);
  }

  /** Makes `tree` the current one if it is newer, once it is proved to go on from that. Returns the current one. */
  private growTo(tree: SignedTree): Promise<SignedTree> {
    const step = this.lastStep.then(async () => {
      const known = await this.currentTree();
      if (known !== undefined && tree.size < known.size) {
        await this.proveBegins(tree, known);
        return known;
      }
      if (known !== undefined) await this.proveBegins(known, tree);
      else await this.withTiles(tree, (read) => read([]));
      await writeTimestamped(this.fileOf({ kind: 'latest' }), { bytes: tree.note, askedAt: Date.now() });
      return tree;
    });
    this.lastStep = step.catch(() => undefined);
    return step;
  }

  private async proveBegins(older: SignedTree, newer: SignedTree): Promise<void> {
    const hash = await this.withTiles(newer, (read) => treeHash(older.size, read));
    if (hash.equals(older.hash)) return;
    throw new ModhavenError('CHECKSUM_DATABASE', `${this.name} shows two different histories`, {
      reason: `its tree of ${newer.size} records does not begin with its tree of ${older.size} records`,
      remedy: `one of the two is false: keep ${this.options.dir} as evidence, and find out what answers for ${this.name}`,
    });
  }

  private async lookup(request: Lookup): Promise<SumdbAnswer> {
    const subject = `${request.module}@${request.version}`;
    if (this.options.isPrivate(request.module)) throw privateModule(subject);
    if (!isCanonicalVersion(request.version)) {
      throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject}: version is not canonical`);
    }
    const file = this.fileOf(request);
    const stored = await readTimestamped(file);
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
      const body = await this.keepRecord(found, file).catch((error: unknown) => {
        if (isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
        // The client will ask for the tiles itself, and may have more luck.
        this.options.log.warn(
          { subject, failure: errorMessage(error) },
          'a record cannot be proved now: it is passed on and not kept',
        );
        return bytes;
      });
      return { body, hit: false, immutable: false };
    });
  }

  private async keepRecord({ number, record, tree }: StoredRecord, file: string): Promise<Buffer> {
    const current = await this.currentTree();
    const holding = current !== undefined && number < current.size ? current : await this.growTo(tree);
    const [hash] = await this.withTiles(holding, (read) => read([storedHashIndex(0, number)]));
    if (hash?.equals(recordHash(Buffer.from(record))) !== true) {
      throw new ModhavenError(
        'CHECKSUM_DATABASE',
        `${this.name} answered a lookup with a record that is not in its tree`,
      );
    }
    const bytes = formatLookup(number, record, holding.note);
    await writeTimestamped(file, { bytes, askedAt: Date.now() });
    return bytes;
  }
}

function answerOf({ note, asOf }: SignedTree & { asOf: number }, stale: boolean): SumdbAnswer {
  return { body: note, hit: true, immutable: false, asOf, ...(stale ? { stale } : {}) };
}

function formatLookup(number: number, record: string, note: Buffer): Buffer {
  return Buffer.concat([Buffer.from(formatRecord(number, record)), note]);
}

/** Throws HOST_REFUSED or CHECKSUM_DATABASE for what is no answer to this very question. */
function readLookup(bytes: Buffer, request: Lookup, verifier: Verifier): StoredRecord {
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
    remedy: 'bring it here with "modhaven export" and "import", or set GONOSUMDB for this module',
  });
}

function unknownDatabase(name: string): ModhavenError {
  return new ModhavenError(
    'MODULE_NOT_FOUND',
    `not found: no checksum database ${name} comes through this server`,
    {
      remedy: 'go asks the database itself; for private modules set GONOSUMDB as "modhaven env" prints',
    },
  );
}
