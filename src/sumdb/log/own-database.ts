/**
 * Our own checksum database as the rest of the program sees it: the log, opened when it is first needed, what it has of
 * a version, and the alarms.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import type { Difference } from './guarded-store.js';
import { readSigner, type KeySettings } from './key-file.js';
import { openLog, type ChecksumLog, type LogPlace } from './log.js';
import { cacheLayout } from '../../store/paths.js';
import { sumsIn, type GoSums } from '../format/record.js';

export interface OwnDatabaseSettings extends KeySettings {
  witnessFile: string;
}

export interface OwnDatabase {
  readonly name: string;
  /** The value of GOSUMDB. Throws CONFIG for a bad key. */
  readonly key: string;
  /** The log. Throws CONFIG for a bad key, STORAGE for a damaged or rolled-back log. */
  log: () => ChecksumLog;
  /** What is recorded of a version. */
  recorded: (module: string, version: string) => Promise<GoSums | undefined>;
  /** Notes that a version is not what was recorded. */
  alarm: (difference: Difference) => void;
  /** For people: the size, and what was refused since the start, newest first. */
  status: () => { name: string; records: number; refused: Difference[] };
}

/** Refused versions that are remembered for the status. */
const MAX_ALARMS = 100;

/** Where the log of a database lies below the cache directory. */
export function logPlace(cacheDir: string, { name, witnessFile }: OwnDatabaseSettings): LogPlace {
  return { dir: join(cacheLayout(cacheDir).ownDatabases, name), witnessFile };
}

export function openOwnDatabase(
  cacheDir: string,
  settings: OwnDatabaseSettings,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
): OwnDatabase {
  const alarms = new LRUCache<string, Difference>({ max: MAX_ALARMS });
  let opened: ChecksumLog | undefined;

  function log(): ChecksumLog {
    opened ??= openLog(logPlace(cacheDir, settings), readSigner(settings), logger);
    return opened;
  }

  return {
    name: settings.name,
    get key() {
      return readSigner(settings).verifier.text;
    },
    log,
    async recorded(module, version) {
      const number = log().find(module, version);
      return number === undefined ? undefined : sumsIn(await log().record(number), module, version);
    },
    alarm(difference) {
      alarms.set(`${difference.module}@${difference.version} ${difference.part}`, difference);
      logger.error(difference, 'SECURITY: a version is not what was recorded; it was refused');
    },
    status: () => ({ name: settings.name, records: log().size(), refused: [...alarms.values()] }),
  };
}
