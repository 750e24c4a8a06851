/**
 * What a comparison has found so far, one JSON object a line, so that a run that was stopped goes on where it was.
 *
 * A line counts as long as it answers the same question: the same repositories for the module, and the same of it in
 * the store. What could not be reached was not answered. The last line may be cut off by whatever stopped the run.
 */
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { ModhavenError, errorMessage } from '../errors.js';
import { VERDICTS, type Comparison } from './compare-home.js';

export interface Journal {
  /** The answer of an earlier run, if it is still one. */
  find(question: Pick<Comparison, 'module' | 'version' | 'home' | 'stored'>): Comparison | undefined;
  /** Writes an answer down. */
  add(comparison: Comparison): Promise<void>;
}

/** Opens `file`, which need not exist. Throws CONFIG if it is something else, or cannot be read or written. */
export async function openJournal(file: string): Promise<Journal> {
  const text = await readText(file);
  const answers = new Map<string, Comparison>();
  const lines = text.split('\n');
  const cut = lines.pop() ?? '';
  lines.forEach((line, index) => {
    const comparison = parseLine(line);
    if (comparison === undefined) throw foreign(file, index + 1);
    answers.set(keyOf(comparison), comparison);
  });
  if (cut !== '') {
    if (!cut.startsWith('{"')) throw foreign(file, lines.length + 1);
    await attempt(file, truncate(file, Buffer.byteLength(text) - Buffer.byteLength(cut)));
  }
  let writing: Promise<void> = attempt(file, appendFile(file, ''));
  await writing;

  return {
    find(question) {
      const answer = answers.get(keyOf(question));
      return answer?.verdict === 'unreachable' ? undefined : answer;
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

/** Undefined for a line that no run wrote. */
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
  version: z.string(),
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
  return new ModhavenError('CONFIG', `${file}:${line}: this is no result of modhaven verify`, {
    remedy: 'name a file for --resume that does not exist yet, or one that an earlier run wrote',
  });
}
