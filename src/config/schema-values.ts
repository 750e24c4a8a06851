/** Kinds of values in modhaven.yaml. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DAY_MS, MAX_DAYS, MAX_TIMEOUT_DAYS, parseDuration, parseSize } from './units.js';

export const Text = z.string().min(1);
/** A path. No file has a NUL in its name, and one with a line break is a mistake. */
export const File = Text.refine((text) => !/\p{Cc}/u.test(text), {
  error: 'must be the path of a file, without control characters',
});
/** The absolute path that a `File` of a configuration in the folder `base` means. */
export function absolutePath(written: string, base: string): string;
export function absolutePath(written: string | undefined, base: string): string | undefined;
export function absolutePath(written: string | undefined, base: string): string | undefined {
  return written === undefined ? undefined : resolve(base, written);
}

/** Sent to a host as it is; a line break in it is a mistake (often from a file) that the host would only refuse. */
export const OneLine = Text.refine((text) => !/\p{Cc}/u.test(text), { error: 'must be one line of text' });

/** A string (or number) that `parse` reads; what it cannot read is answered with `expected`. */
export function readAs<T>(parse: (text: string) => T | undefined, expected: string) {
  const error = `must be ${expected}`;
  return z.union([z.string(), z.number()], { error }).transform((input, context) => {
    const value = parse(String(input).trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

const AnyDuration = readAs(parseDuration, 'a duration such as 500ms, 30s, 2m or 1h30m');
/** How old something may be. No timer waits for it. */
export const Duration = AnyDuration.refine((ms) => ms <= MAX_DAYS * DAY_MS, {
  error: `must be at most ${MAX_DAYS}d`,
});
/** How long a timer waits. */
export const Timeout = AnyDuration.refine((ms) => ms > 0, { error: 'must be longer than 0' }).refine(
  (ms) => ms <= MAX_TIMEOUT_DAYS * DAY_MS,
  { error: `must be at most ${MAX_TIMEOUT_DAYS}d` },
);
export const Size = readAs(parseSize, 'a size such as 50GiB, 500MB or 1048576');

/** `HOST` or `HOST:PORT`, in lower case. */
export const DirectHost = z
  .string()
  .refine((text) => /^[\p{L}\p{N}-][\p{L}\p{N}._-]*(?::\d{1,5})?$/u.test(text), {
    error: 'must be HOST or HOST:PORT, without scheme and path',
  })
  .transform((text) => text.toLowerCase());

/** A map of keys of which every one has a default. */
export function section<T extends z.ZodType>(schema: T) {
  return z.preprocess((value: unknown) => value ?? {}, schema).prefault({});
}
