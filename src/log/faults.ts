/**
 * Faults: errors that no code foresaw. Each gets an id, one line in the log, and is counted for `/-/status`.
 *
 * Every request, watcher, timer and message between processes runs behind a fence of its own (`guard`), so that a fault
 * ends what it was in and nothing else. The stack is logged at debug level or with `--verbose`.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { errorMessage } from '../errors.js';
import { redactLine } from '../redact.js';

/** What is remembered of a fault. */
export interface FaultRecord {
  id: string;
  /** ISO 8601. */
  at: string;
  /** What was running: `request`, `reload`, `worker message`, … */
  where: string;
  /** Without credentials. */
  text: string;
}

export interface FaultReport {
  /** Since the start of this process, those of its workers included. */
  count: number;
  /** The last of them, newest first. */
  last: readonly FaultRecord[];
}

export interface FaultsOptions {
  log: Pick<Logger, 'error' | 'isLevelEnabled'>;
  /** Whether stacks are logged whatever the level (`--verbose`). */
  verbose?: boolean;
  /** Told of each fault: a worker tells the main process. */
  onFault?: (record: FaultRecord) => void;
}

/** Faults that are remembered. */
const MAX_RECORDS = 10;
/** Characters of a message that are remembered. */
const MAX_TEXT = 200;

export class Faults {
  private count = 0;
  private readonly records: FaultRecord[] = [];

  private readonly options: FaultsOptions;

  constructor(options: FaultsOptions) {
    this.options = options;
  }

  /** Logs and counts what was caught; returns its id. Never throws. */
  caught(error: unknown, where: string, fields: Readonly<Record<string, unknown>> = {}): string {
    const id = randomBytes(6).toString('hex');
    const text = redactLine(messageOf(error), MAX_TEXT);
    const { log, verbose = false, onFault } = this.options;
    try {
      const stack = verbose || log.isLevelEnabled('debug') ? { err: error } : {};
      log.error({ id, where, ...fields, error: text, ...stack }, 'unexpected error');
    } catch {
      // A log that fails must not make the fault worse.
    }
    const record = { id, at: new Date().toISOString(), where, text };
    this.add(record);
    onFault?.(record);
    return id;
  }

  /** Counts a fault that another process has logged. */
  add(record: FaultRecord): void {
    this.count += 1;
    this.records.unshift(record);
    this.records.length = Math.min(this.records.length, MAX_RECORDS);
  }

  report(): FaultReport {
    return { count: this.count, last: [...this.records] };
  }

  /** `work` behind a fence: what it throws, also later, is caught here. */
  guard<A extends unknown[]>(where: string, work: (...args: A) => unknown): (...args: A) => void {
    return (...args) => {
      try {
        const result = work(...args);
        if (result instanceof Promise) result.catch((error: unknown) => this.caught(error, where));
      } catch (error) {
        this.caught(error, where);
      }
    };
  }
}

function messageOf(error: unknown): string {
  try {
    return errorMessage(error);
  } catch {
    return 'something that has no text was thrown';
  }
}
