/**
 * The log: readable on a terminal, JSON otherwise; level by flag or environment. Every string passes the redactor, so
 * that a credential in a URL, in what git said or in an error nobody foresaw never reaches a file.
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
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: Error) => redactDeep(pino.stdSerializers.err(error)) },
    hooks: {
      logMethod(args: unknown[], method: (...args: unknown[]) => void) {
        method.apply(this, args.map(redactDeep));
      },
    },
  };
  if (!readable) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(
    options,
    pretty({ sync: true, singleLine: true, ignore: 'method,path', translateTime: 'SYS:HH:MM:ss' }),
  );
}

/** The value with every string in it redacted. Errors are left to their serializer. */
function redactDeep(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactDeep);
  if (value === null || typeof value !== 'object' || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, redactDeep(field)]));
}
