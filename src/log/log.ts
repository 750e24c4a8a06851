/**
 * The log: readable on a terminal, JSON otherwise; level by flag or environment. Every string passes the redactor, so
 * that a credential in a URL, in what git said or in an unforeseen error never reaches a file.
 *
 * A request does not wait for the log: JSON lines are gathered and written beside the work, those of requests
 * some milliseconds after they were said, all of them before the process ends.
 */
import { createRequire } from 'node:module';
import { pino, type Logger } from 'pino';
import type { PinoPretty } from 'pino-pretty';
import { createLineBuffer, type LineBuffer } from './line-buffer.js';
import { noteLogged } from './recent-errors.js';
import { currentRequestId } from '../concurrency/on-behalf-of.js';
import { redactDeep } from '../redact.js';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  level: LogLevel;
  /** Readable in place of JSON. */
  readable: boolean;
  /** Whether other processes write to the same output: then no write is larger than what arrives in one piece. */
  shared?: boolean;
}

export interface Log {
  log: Logger;
  /** Takes a finished line of JSON with its line end; undefined where lines are made for people. */
  writeLine: ((line: string) => void) | undefined;
  /** Resolves when everything that was said is written. */
  flush: () => Promise<void>;
}

/** A log onto standard output. */
export function createLog({ level, readable, shared = false }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Of the request that the line is about or that caused it, unless the line says so itself.
    mixin: () => {
      const requestId = currentRequestId();
      return requestId === undefined ? {} : { requestId };
    },
    serializers: { err: (error: Error) => redactDeep(pino.stdSerializers.err(error)) },
    hooks: {
      logMethod(args: unknown[], method: (...args: unknown[]) => void, level: number) {
        const shown = args.map(redactDeep);
        noteLogged(level, shown, currentRequestId());
        method.apply(this, shown);
      },
    },
  };
  if (readable) {
    const terminal = { sync: true, singleLine: true, ignore: 'method,path', translateTime: 'SYS:HH:MM:ss' };
    // Only here, because a server in the background need not hold it.
    const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
    return { log: pino(options, pretty(terminal)), writeLine: undefined, flush: () => Promise.resolve() };
  }
  const lines: LineBuffer = createLineBuffer(shared, (count) =>
    log.warn({ lines: count }, 'the log was not read fast enough: lines are missing'),
  );
  const log = pino(options, lines);
  return { log, writeLine: lines.writeLater, flush: lines.flush };
}
