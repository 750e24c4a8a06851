/**
 * Our own checksum database as the rest of the program sees it: the log, opened when it is first needed, what it has of
 * a version, and the alarms.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import { diskReady, type DiskWatch } from '../../fs/disk-watch.js';
import type { Difference } from './guarded-store.js';
import { readSigner, type KeySettings } from './key-file.js';
import { openLog, type ChecksumLog, type LogPlace } from './log.js';
import { cacheLayout } from '../../store/paths.js';
import { SharedLog } from './shared-log.js';
import type { BlobStore } from '../../store/blob-store.js';
import { sumsIn, type GoSums } from '../format/record.js';

export interface OwnDatabaseSettings extends KeySettings {
  witnessFile: string;
}

export interface OwnDatabase {
  readonly name: string;
  /** The value of GOSUMDB. Throws CONFIG for a bad key. */
  readonly key: string;
  /**
   * Opens a log on this machine now. Throws CONFIG for a bad key, STORAGE for a damaged or rolled-back log. One that
   * replicas share is opened when it is first needed, because it may be out of reach now.
   */
  open(): void;
  /** The log. Throws as `open`. */
  log: () => Promise<ChecksumLog>;
  /** What is recorded of a version, by any replica. */
  recorded: (module: string, version: string) => Promise<GoSums | undefined>;
  /** Notes that a version is not what was recorded. */
  alarm: (difference: Difference) => void;
  /** For people: the size (undefined until the log is open), and what was refused since the start, newest first. */
  status: () => { name: string; records: number | undefined; refused: Difference[] };
}

/** Where the logs of all replicas are. */
export interface SharedPlace {
  blobs: BlobStore;
  /** The folder for this process's copy. */
  copies: string;
  /** For people. */
  place: string;
}

/** Refused versions that are remembered for the status. */
const MAX_ALARMS = 100;

/** Where the log of a database lies: below the cache directory, or where replicas share it. */
export function logPlace(
  cacheDir: string,
  { name, witnessFile }: OwnDatabaseSettings,
  place?: SharedPlace,
): LogPlace {
  if (place === undefined) return { dir: join(cacheLayout(cacheDir).ownDatabases, name), witnessFile };
  const shared = new SharedLog({ ...place, name, place: `${name} in the ${place.place}` });
  return { dir: shared.dir, witnessFile, shared };
}

/** `disk`: that of the cache directory, where it may hang under a server. */
export function openOwnDatabase(
  cacheDir: string,
  settings: OwnDatabaseSettings,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  { shared, disk }: { shared?: SharedPlace | undefined; disk?: Pick<DiskWatch, 'run'> } = {},
): OwnDatabase {
  return new OpenedDatabase({ ...logPlace(cacheDir, settings, shared), disk }, settings, logger);
}

class OpenedDatabase implements OwnDatabase {
  readonly name: string;
  readonly log = (): Promise<ChecksumLog> => this.opened();
  private readonly place: LogPlace;
  private readonly settings: OwnDatabaseSettings;
  private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  private readonly alarms = new LRUCache<string, Difference>({ max: MAX_ALARMS });
  private opening: Promise<ChecksumLog> | undefined;
  private current: ChecksumLog | undefined;

  constructor(
    place: LogPlace,
    settings: OwnDatabaseSettings,
    logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  ) {
    this.place = place;
    this.settings = settings;
    this.logger = logger;
    this.name = settings.name;
  }

  get key(): string {
    return readSigner(this.settings).verifier.text;
  }

  open(): void {
    if (this.place.shared === undefined) this.current ??= this.openNow();
    else readSigner(this.settings);
  }

  readonly recorded = async (module: string, version: string): Promise<GoSums | undefined> => {
    const log = await this.opened();
    if (log.find(module, version) === undefined) await log.refresh();
    const number = log.find(module, version);
    return number === undefined ? undefined : sumsIn(await log.record(number), module, version);
  };

  readonly alarm = (difference: Difference): void => {
    this.alarms.set(`${difference.module}@${difference.version} ${difference.part}`, difference);
    this.logger.error(difference, 'SECURITY: a version is not what was recorded; it was refused');
  };

  readonly status = (): ReturnType<OwnDatabase['status']> => ({
    name: this.name,
    records: this.current?.size(),
    refused: [...this.alarms.values()],
  });

  private async opened(): Promise<ChecksumLog> {
    if (this.current !== undefined) return this.current;
    // A failure is not kept: the place may be reached the next time.
    this.opening ??= this.openShared().finally(() => (this.opening = undefined));
    const { opening } = this;
    return this.place.disk === undefined ? opening : this.place.disk.run(() => opening);
  }

  private async openShared(): Promise<ChecksumLog> {
    await this.place.shared?.copyAll();
    await diskReady(this.place.dir);
    const log = this.openNow();
    await log.refresh(); // and from now on this replica is a witness of what it found
    this.current = log;
    return log;
  }

  private openNow(): ChecksumLog {
    return openLog(this.place, readSigner(this.settings), this.logger);
  }
}
