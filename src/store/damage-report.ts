/** What was found damaged since the start: for the log and for `/-/status`. */
import type { DamagedPart } from './checked-store.js';
import type { Part } from './version-store.js';

/** A writer came with other content for a part that is stored. */
export interface StoredDifference extends Part {
  /** What tells the two contents from each other: hashes, commits. */
  stored: string;
  brought: string;
}

export interface DamageLog {
  error(details: object, message: string): void;
}

/** Parts that are named in the report; all are counted. */
const MAX_NAMED = 100;

export class DamageReport {
  /** Told of each part that this process found damaged. */
  onFound: ((part: DamagedPart) => void) | undefined;
  private readonly log: DamageLog | undefined;
  private count = 0;
  private readonly newest: DamagedPart[] = [];
  private refusedCount = 0;
  private readonly refused: StoredDifference[] = [];

  constructor(log?: DamageLog) {
    this.log = log;
  }

  add(part: DamagedPart): void {
    this.note(part);
    this.onFound?.(part);
    const { module, version, kind, problem, file } = part;
    this.log?.error(
      { module, version, part: kind, problem, movedTo: file },
      'a stored file is not what was stored; it is not served, and fetched again',
    );
  }

  /** Counts a part that another process of this server found damaged, and has logged. */
  foundElsewhere(part: DamagedPart): void {
    this.note(part);
  }

  private note(part: DamagedPart): void {
    this.count += 1;
    this.newest.unshift(part);
    this.newest.length = Math.min(this.newest.length, MAX_NAMED);
  }

  /** Notes that another content came for a part that is stored; what is stored stays. */
  differs(difference: StoredDifference): void {
    this.refusedCount += 1;
    this.refused.unshift(difference);
    this.refused.length = Math.min(this.refused.length, MAX_NAMED);
    const { module, version, kind, stored, brought } = difference;
    this.log?.error(
      { module, version, part: kind, stored, brought },
      'SECURITY: another content came for a version that is stored; what is stored stays',
    );
  }

  /** Other contents that came for what is stored. */
  differences(): { count: number; newest: readonly StoredDifference[] } {
    return { count: this.refusedCount, newest: this.refused };
  }

  /** How many parts were damaged, and the newest of them. */
  report(): {
    count: number;
    newest: { module: string; version: string; part: string; problem: string; at: string }[];
  } {
    const newest = this.newest.map(({ module, version, kind, problem, at }) => ({
      module,
      version,
      part: kind,
      problem,
      at: new Date(at).toISOString(),
    }));
    return { count: this.count, newest };
  }
}
