/** The last errors that this process has logged: `/-/status` shows them to readers who do not have the log (`modhaven report`). */
import { redactLine } from '../redact.js';

export interface LoggedError {
  /** ISO 8601. */
  at: string;
  message: string;
  /** What stood beside it: names and short texts, no stacks. */
  fields: Readonly<Record<string, string>>;
}

const MAX_ERRORS = 20;
const MAX_TEXT = 300;
/** What pino calls `error`. */
const ERROR_LEVEL = 50;

const errors: LoggedError[] = [];

/** To be told of each line of the log, with the arguments as they are logged (redacted) and the request that caused it. */
export function noteLogged(level: number, args: readonly unknown[], requestId?: string): void {
  if (level < ERROR_LEVEL) return;
  const [first, second] = args;
  const isText = typeof first === 'string';
  errors.push({
    at: new Date().toISOString(),
    message: redactLine(isText ? first : typeof second === 'string' ? second : '', MAX_TEXT),
    fields: { ...(requestId !== undefined && { requestId }), ...(isText ? {} : shortFields(first)) },
  });
  if (errors.length > MAX_ERRORS) errors.shift();
}

/** The newest first. */
export function recentErrors(): readonly LoggedError[] {
  return errors.toReversed();
}

function shortFields(fields: unknown): Record<string, string> {
  if (typeof fields !== 'object' || fields === null) return {};
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, string][] => {
      if (value instanceof Error) return [[name, redactLine(value.message, MAX_TEXT)]];
      const isShort = ['string', 'number', 'boolean'].includes(typeof value);
      return isShort ? [[name, redactLine(String(value), MAX_TEXT)]] : [];
    }),
  );
}
