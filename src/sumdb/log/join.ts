/** What a process that opens a log knows of it: by its witness, or by nothing. */
import type { Logger } from 'pino';
import { ModhavenError } from '../../errors.js';
import type { Tree } from '../format/tlog.js';
import type { Witness } from './witness.js';

export interface Joined {
  /** What the witness said; undefined without one. */
  known: Pick<Tree, 'size'> | undefined;
  records: number;
  /** For people: where the log lies. */
  place: string;
  /** The file of the witness. */
  witness: string;
}

/** A replica that was away proves with its witness that what it finds grew from what it knew; a new one cannot. */
export function sayHowJoined(
  { known, records, place, witness }: Joined,
  log: Pick<Logger, 'warn' | 'info'>,
): void {
  if (known !== undefined) {
    const details = { place, records, known: known.size };
    log.info(details, 'the checksum database has grown from what this replica knew');
  } else if (records > 0) {
    log.warn(
      { place, records, witness },
      'this replica has no witness of the checksum database yet: it joins the records it finds on trust',
    );
  }
}

/** Throws STORAGE for a log of `size` records that is older than its witness, or has none; `trustsLog` does without. */
export function checkWitness(
  dir: string,
  size: number,
  known: Pick<Tree, 'size'> | undefined,
  { file }: Pick<Witness, 'file'>,
  trustsLog: boolean,
): void {
  if (known !== undefined && known.size > size) {
    throw new ModhavenError('STORAGE', `the checksum database in ${dir} was rolled back`, {
      reason: `it has ${size} records, but ${known.size} were signed and shown before (${file})`,
      remedy:
        'restore its newest state; if that is lost, start a new database under a new name (docs/checksum-database.md)',
      remedyBy: 'admin',
    });
  }
  if (known === undefined && size > 0 && !trustsLog) {
    throw new ModhavenError('STORAGE', `the witness ${file} of the checksum database is missing`, {
      reason: `without it, it cannot be known whether the ${size} records in ${dir} are all there ever were`,
      remedy: 'restore it; or, if you are sure of the folder, run "modhaven sumdb verify --renew-witness"',
      remedyBy: 'admin',
    });
  }
}
