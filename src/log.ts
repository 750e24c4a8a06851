/**
 * The log: readable on a terminal, JSON otherwise; level by flag or environment. Every string passes the redactor, so
 * that a credential in a URL or in what git said never reaches a file.
 */
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { redact } from './redact.js';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  level: LogLevel;
  /** Readable in place of JSON. */
  readable: boolean;
}

/** A logger onto standard output. */
export function createLog({ level, readable }: LogOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redactFields },
  };
  if (!readable) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(
    options,
    pretty({ sync: true, singleLine: true, ignore: 'method,path', translateTime: 'SYS:HH:MM:ss' }),
  );
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  );
}
