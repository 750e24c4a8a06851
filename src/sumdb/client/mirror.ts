/**
 * Public checksum databases, passed through and kept (Go Modules Reference, "Checksum database").
 *
 * What is kept is laid out as in GOMODCACHE/cache/download/sumdb and is enough for a client that starts from nothing and
 * reaches nobody else. That is more than the answers themselves: a client proves each record in a signed tree, and each
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
  /** Whether there is anybody to ask. */
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
  const { dir, source, isOnline, isPrivate, refreshMs, log, verifierOf = knownDatabase } = options;
  const flights = createSingleflight();
  /** By name: the end of the last step to a newer tree. One at a time, or two would prove different things. */
  const steps = new Map<string, Promise<unknown>>();

  const fileOf = (name: string, request: SumdbRequest) => join(dir, name, sumdbPath(request));

  async function currentTree(
    name: string,
    verifier: Verifier,
  ): Promise<(SignedTree & { asOf: number }) | undefined> {
    const known = await readTimestamped(fileOf(name, { kind: 'latest' }));
    return known && { ...openTree(known.bytes, verifier), asOf: known.askedAt };
  }

  async function supported(name: string, verifier: Verifier): Promise<SumdbAnswer> {
    if (!isOnline() && (await currentTree(name, verifier)) === undefined)
      throw notStored(`${name}/supported`);
    return { body: Buffer.alloc(0), hit: true, immutable: false };
  }

  async function latest(name: string, verifier: Verifier): Promise<SumdbAnswer> {
    const known = await currentTree(name, verifier);
    const age = known === undefined ? Infinity : Date.now() - known.asOf;
    const isFresh = age >= 0 && age < refreshMs(); // below zero: the clock was set back
    if (known !== undefined && (isFresh || !isOnline())) return answerOf(known, !isFresh);
    if (!isOnline()) throw notStored(`${name}/latest`);
    try {
      return await flights.run(`${name} latest`, async () => {
        const tree = openTree(await source.read(name, 'latest'), verifier);
        return { body: (await growTo(name, tree, verifier)).note, hit: false, immutable: false };
      });
    } catch (error) {
      if (known === undefined || isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
      log.warn(
        { database: name, failure: errorMessage(error) },
        'a checksum database cannot be asked: the last tree is served',
      );
      return answerOf(known, true);
    }
  }

  async function tile(name: string, wanted: Tile): Promise<SumdbAnswer> {
    const stored = await storedTile(name, wanted);
    if (stored !== undefined) return { body: stored, hit: true, immutable: true };
    const path = sumdbPath({ kind: 'tile', tile: wanted });
    if (!isOnline()) throw notStored(`${name}/${path}`);
    return flights.run(`${name} ${path}`, async () => {
      const body = await fetchTile(name, wanted);
      await keepTile(name, wanted, body);
      return { body, hit: false, immutable: true };
    });
  }

  /** Also the beginning of the full one. */
  async function storedTile(name: string, wanted: Tile): Promise<Buffer | undefined> {
    const exact = await readTimestamped(fileOf(name, { kind: 'tile', tile: wanted }));
    if (exact !== undefined || wanted.width === TILE_WIDTH || wanted.level < 0) return exact?.bytes;
    const full = await readTimestamped(
      fileOf(name, { kind: 'tile', tile: { ...wanted, width: TILE_WIDTH } }),
    );
    return full?.bytes.subarray(0, wanted.width * HASH_SIZE);
  }

  async function fetchTile(name: string, wanted: Tile): Promise<Buffer> {
    const path = sumdbPath({ kind: 'tile', tile: wanted });
    const bytes = await source.read(name, path);
    if (wanted.level >= 0 && bytes.length !== wanted.width * HASH_SIZE)
      throw unusable(path, `it has ${bytes.length} bytes, not ${wanted.width * HASH_SIZE}`);
    return bytes;
  }

  async function keepTile(name: string, wanted: Tile, bytes: Buffer): Promise<void> {
    await writeTimestamped(fileOf(name, { kind: 'tile', tile: wanted }), { bytes, askedAt: Date.now() });
  }

  /** The result of `prove` with stored tiles, else with tiles that are fetched again. */
  function withTiles<T>(name: string, tree: SignedTree, prove: (read: HashReader) => Promise<T>): Promise<T> {
    const tiles = {
      read: (wanted: Tile) => storedTile(name, wanted),
      fetch: (wanted: Tile) => fetchTile(name, wanted),
      keep: (wanted: Tile, bytes: Buffer) => keepTile(name, wanted, bytes),
    };
    return proveWithTiles(tree, tiles, prove);
  }

  /** Makes `tree` the current one if it is newer, once it is proved to go on from that. Returns the current one. */
  function growTo(name: string, tree: SignedTree, verifier: Verifier): Promise<SignedTree> {
    const step = (steps.get(name) ?? Promise.resolve()).then(async () => {
      const known = await currentTree(name, verifier);
      if (known !== undefined && tree.size < known.size) {
        await proveBegins(name, tree, known);
        return known;
      }
      if (known !== undefined) await proveBegins(name, known, tree);
      else await withTiles(name, tree, (read) => read([]));
      await writeTimestamped(fileOf(name, { kind: 'latest' }), { bytes: tree.note, askedAt: Date.now() });
      return tree;
    });
    steps.set(
      name,
      step.catch(() => undefined),
    );
    return step;
  }

  async function proveBegins(name: string, older: SignedTree, newer: SignedTree): Promise<void> {
    const hash = await withTiles(name, newer, (read) => treeHash(older.size, read));
    if (hash.equals(older.hash)) return;
    throw new ModhavenError('CHECKSUM_DATABASE', `${name} shows two different histories`, {
      reason: `its tree of ${newer.size} records does not begin with its tree of ${older.size} records`,
      remedy: `somebody lies: keep ${dir} as evidence, and find out who answers for ${name}`,
    });
  }

  async function lookup(name: string, request: Lookup, verifier: Verifier): Promise<SumdbAnswer> {
    const subject = `${request.module}@${request.version}`;
    if (isPrivate(request.module)) throw privateModule(subject);
    if (!isCanonicalVersion(request.version))
      throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject}: version is not canonical`);
    const file = fileOf(name, request);
    const stored = await readTimestamped(file);
    if (stored !== undefined) {
      const { number, record, tree } = readLookup(stored.bytes, request, verifier);
      const current = await currentTree(name, verifier);
      const note = current !== undefined && current.size >= tree.size ? current.note : tree.note;
      return { body: formatLookup(number, record, note), hit: true, immutable: false };
    }
    if (!isOnline()) throw notStored(`${subject} in ${name}`);
    return flights.run(`${name} ${sumdbPath(request)}`, async () => {
      const bytes = await source.read(name, sumdbPath(request));
      const found = readLookup(bytes, request, verifier);
      const body = await keepRecord(name, found, file, verifier).catch((error: unknown) => {
        if (isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
        // The client will ask for the tiles itself, and may have more luck.
        log.warn(
          { subject, failure: errorMessage(error) },
          'a record cannot be proved now: it is passed on and not kept',
        );
        return bytes;
      });
      return { body, hit: false, immutable: false };
    });
  }

  async function keepRecord(
    name: string,
    { number, record, tree }: StoredRecord,
    file: string,
    verifier: Verifier,
  ): Promise<Buffer> {
    const current = await currentTree(name, verifier);
    const holding =
      current !== undefined && number < current.size ? current : await growTo(name, tree, verifier);
    const [hash] = await withTiles(name, holding, (read) => read([storedHashIndex(0, number)]));
    if (hash?.equals(recordHash(Buffer.from(record))) !== true)
      throw new ModhavenError(
        'CHECKSUM_DATABASE',
        `${name} answered a lookup with a record that is not in its tree`,
      );
    const bytes = formatLookup(number, record, holding.note);
    await writeTimestamped(file, { bytes, askedAt: Date.now() });
    return bytes;
  }

  return {
    async get(name, path) {
      const verifier = verifierOf(name);
      if (verifier === undefined) throw unknownDatabase(name);
      const request = parseSumdbRequest(path);
      switch (request.kind) {
        case 'supported':
          return supported(name, verifier);
        case 'latest':
          return latest(name, verifier);
        case 'tile':
          return tile(name, request.tile);
        case 'lookup':
          return lookup(name, request, verifier);
      }
    },
  };
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
  if (sumsIn(record, request.module, request.version) === undefined)
    throw unusable(sumdbPath(request), 'it is about another version');
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
