/** What is wrong with a bucket now, by what its requests met: for `/-/status` and the log. */
import type { ModhavenError } from '../errors.js';

/** The requests that are told apart: credentials may have a right to some of them alone. */
export type BucketAction =
  'GetObject' | 'HeadObject' | 'PutObject' | 'DeleteObject' | 'CopyObject' | 'ListObjectsV2';

export interface BucketLog {
  error(details: object, message: string): void;
  info?(details: object, message: string): void;
}

/** So long without a failure it counts as back, as far as the log says, in milliseconds: one line, not two for each hiccup. */
const STEADY_MS = 10_000;

interface Failure {
  error: ModhavenError;
  /** Whether other requests may well be answered: then their answers do not say that it is over. */
  isOfOneAction: boolean;
}

export class BucketHealth {
  private readonly place: string;
  private readonly log: BucketLog | undefined;
  private readonly failures = new Map<BucketAction, Failure>();
  private failedAt = -Infinity;
  private wasTold = false;

  constructor(place: string, log?: BucketLog) {
    this.place = place;
    this.log = log;
  }

  /** A request failed for good. */
  failed(action: BucketAction, error: ModhavenError, isOfOneAction: boolean): void {
    this.failures.delete(action);
    this.failures.set(action, { error, isOfOneAction });
    this.failedAt = performance.now();
    if (this.wasTold) return;
    this.wasTold = true;
    const { reason, remedy } = error;
    this.log?.error({ reason, remedy }, `the ${this.place} cannot be used`);
  }

  /** A request was answered. */
  answered(action: BucketAction): void {
    if (!this.wasTold) return;
    this.failures.delete(action);
    for (const [other, failure] of this.failures) if (!failure.isOfOneAction) this.failures.delete(other);
    if (this.failures.size > 0 || performance.now() < this.failedAt + STEADY_MS) return;
    this.wasTold = false;
    this.log?.info?.({}, `the ${this.place} can be used again`);
  }

  /** Why it cannot be used, or not for everything; undefined where all that was asked last was answered. */
  problem(): string | undefined {
    const [newest] = [...this.failures.values()].slice(-1);
    return newest?.error.reason;
  }
}
