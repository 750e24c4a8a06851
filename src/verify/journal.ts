/**
 * What a comparison has found so far, one JSON object a line, so that a run that was stopped goes on where it was.
 *
 * A line counts only for the same comparison: the same repositories for the module, and the same parts in the store. A
 * version that could not be reached is compared again. The last line may be cut off by what stopped the run.
 */
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { z } from 'zod';
import { ModhavenError, errorMessage } from '../errors.js';
import { VERDICTS, type Comparison } from './compare-version.js';

export interface Journal {
  /** The result of an earlier run, if it still counts. */
  find(pending: Pick<Comparison, 'module' | 'version' | 'home' | 'stored'>): Comparison | undefined;
  /** Appends a result. */
  add(comparison: Comparison): Promise<void>;
}

/** Opens `file`, which need not exist. Throws CONFIG if it is something else, or cannot be read or written. */
export async function openJournal(file: string): Promise<Journal> {
  const text = await readText(file);
  const results = new Map<string, Comparison>();
  const lines = text.split('\n');
  const cut = lines.pop() ?? '';
  lines.forEach((line, index) => {
    const comparison = parseLine(line);
    if (comparison === undefined) throw foreign(file, index + 1);
    results.set(keyOf(comparison), comparison);
  });
  if (cut !== '') {
    if (!cut.startsWith('{"')) throw foreign(file, lines.length + 1);
    await attempt(file, truncate(file, Buffer.byteLength(text) - Buffer.byteLength(cut)));
  }
  let writing: Promise<void> = attempt(file, appendFile(file, ''));
  await writing;

  return {
    find(pending) {
      const result = results.get(keyOf(pending));
      return result?.verdict === 'unreachable' ? undefined : result;
    },
    add(comparison) {
      writing = writing.then(() => attempt(file, appendFile(file, `${JSON.stringify(comparison)}\n`)));
      return writing;
    },
  };
}

function keyOf({
  module,
  version,
  home,
  stored,
}: Pick<Comparison, 'module' | 'version' | 'home' | 'stored'>): string {
  const { commit, zip, mod } = stored;
  return JSON.stringify([module, version, home, commit, zip, mod]);
}

/** Undefined for a line that is not a result. */
function parseLine(line: string): Comparison | undefined {
  try {
    const parsed = Line.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** What must be right of a line; the rest is only shown. */
const Line = z.looseObject({
  module: z.string(),
  version: z.custom<CanonicalVersion>((text) => typeof text === 'string' && isCanonicalVersion(text)),
  verdict: z.enum(VERDICTS),
  home: z.array(z.string()),
  stored: z.record(z.string(), z.string()),
});

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unusable(file, error);
  }
}

async function attempt(file: string, writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): ModhavenError {
  return new ModhavenError('CONFIG', `${file}: the result file of --resume cannot be used`, {
    reason: errorMessage(error),
    remedy: 'name a file that can be written',
    cause: error,
  });
}

function foreign(file: string, line: number): ModhavenError {
  return new ModhavenError('CONFIG', `${file}:${line}: this is not a result of modhaven verify`, {
    remedy: 'name a file for --resume that does not exist yet, or one that an earlier run wrote',
  });
}
