/**
 * Whether a log proves its records to clients, and whether what is stored is what was recorded. That the records, the
 * tiles and the signatures fit together was checked when the log was read; here it is asked the way a client asks.
 */
import pLimit from 'p-limit';
import { errorMessage, isModhavenError } from '../../errors.js';
import { goModHash } from '../../module/files/dirhash.js';
import { parseModulePath, type ModulePath } from '../../module/module-path.js';
import type { VersionStore } from '../../store/version-store.js';
import { isCanonicalVersion } from '../../module/version.js';
import { readStoredZip } from '../../store/read-stored-zip.js';
import { isDiskProblem } from '../../store/storage-error.js';
import type { LogView } from './log.js';
import { subjectOf, sumsIn } from '../format/record.js';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from '../format/tile.js';
import { tileHashReader } from '../format/tile-reader.js';
import { recordHash, storedHashIndex } from '../format/tlog.js';

export interface Audit {
  records: number;
  /** Recorded versions of which something is stored. */
  stored: number;
  /** Sentences; empty if all is in order. */
  faults: string[];
}

/** Zips that are read at once. */
const PARALLEL_ZIPS = 4;

export async function auditLog(
  view: LogView,
  store: VersionStore,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Audit> {
  const total = view.size();
  const audit: Audit = { records: total, stored: 0, faults: [] };
  for (let first = 0; first < total; first += TILE_WIDTH) {
    const count = Math.min(TILE_WIDTH, total - first);
    const records = await Promise.all(Array.from({ length: count }, (_, i) => view.record(first + i)));
    audit.faults.push(...(await unproved(view, first, records)));
    const limit = pLimit(PARALLEL_ZIPS);
    const found = await Promise.all(records.map((record) => limit(() => storedFaults(store, record))));
    for (const faults of found) {
      if (faults === undefined) continue;
      audit.stored += 1;
      audit.faults.push(...faults);
    }
    onProgress(first + count, total);
  }
  return audit;
}

/** The records that do not follow from the signed tree by the tiles as they are published. */
async function unproved(view: LogView, first: number, records: string[]): Promise<string[]> {
  const head = view.head();
  if (head === undefined) return ['there is no signed tree'];
  const read = tileHashReader(head, {
    height: TILE_HEIGHT,
    read: async (tile) => (await view.tile(tile)) ?? Promise.reject(new Error(`no ${tilePath(tile)}`)),
    checked: () => undefined,
  });
  try {
    const hashes = await read(records.map((_, i) => storedHashIndex(0, first + i)));
    return records.flatMap((record, i) =>
      hashes[i]?.equals(recordHash(Buffer.from(record))) === true
        ? []
        : [`record ${first + i} is not in the signed tree`],
    );
  } catch (error) {
    return [`records ${first} to ${first + records.length - 1}: ${errorMessage(error)}`];
  }
}

/** What of a recorded version is stored and differs; undefined if nothing is stored. */
async function storedFaults(store: VersionStore, record: string): Promise<string[] | undefined> {
  const subject = subjectOf(record) ?? '';
  const at = subject.indexOf('@');
  const module: ModulePath = parseModulePath(subject.slice(0, at));
  const version = subject.slice(at + 1);
  if (!isCanonicalVersion(version)) return [`${subject}: it is not a canonical version`];
  const sums = sumsIn(record, module, version);
  const [mod, zipSize] = await Promise.all([
    store.read({ module, version, kind: 'mod' }),
    store.size({ module, version, kind: 'zip' }),
  ]);
  if (mod === undefined && zipSize === undefined) return undefined;
  const faults: string[] = [];
  const compare = (part: string, recorded: string | undefined, found: string) => {
    if (recorded !== found) {
      faults.push(`${subject}: its ${part} is ${found}, recorded is ${recorded ?? 'nothing'}`);
    }
  };
  if (mod !== undefined) compare('go.mod', sums?.mod, goModHash(mod));
  if (zipSize !== undefined) {
    try {
      compare('zip', sums?.zip, (await readStoredZip(store, { module, version })).hash);
    } catch (error) {
      // A bucket that cannot be read says nothing about what lies there.
      if (isModhavenError(error, 'STORAGE') && !isDiskProblem(error)) throw error;
      faults.push(`${subject}: its zip cannot be read: ${errorMessage(error)}`);
    }
  }
  return faults;
}
