/**
 * From what zod found to what a person reads: each issue becomes a sentence at a line and column.
 *
 * An unknown key is the most frequent mistake in a YAML file, so it is answered with the key that was probably meant.
 */
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { problemsError, type DataPath, type Problem } from './problems.js';
import type { YamlSource } from './yaml-source.js';

/** A problem, and where it stands in the data. */
export interface SchemaProblem extends Problem {
  path: DataPath;
}

/** `data` (what `source` holds, perhaps with variables filled in) as `schema` makes it. Throws CONFIG with every problem. */
export function parseWithSchema<T>(schema: z.ZodType<T>, source: YamlSource, data: unknown): T {
  const read = readWithSchema(schema, source, data);
  if ('problems' in read) throw problemsError(source.file, read.problems);
  return read.value;
}

/** The same for a caller that has more to say of a file with problems. */
export function readWithSchema<T>(
  schema: z.ZodType<T>,
  source: YamlSource,
  data: unknown,
): { value: T } | { problems: SchemaProblem[] } {
  const result = schema.safeParse(data ?? {}, { reportInput: true });
  if (result.success) return { value: result.data };
  const context = { source, keysOf: keyFinder(schema) };
  const issues = result.error.issues.flatMap((issue) => meantIssues(issue));
  return { problems: issues.flatMap(({ path, issue }) => problemsOf(path, issue, context)) };
}

/**
 * The known key that `key` was probably meant to be, if few enough letters differ: by default two, or a third of a long key;
 * with `lettersPerMistake`, one for so many letters of the known key.
 */
export function nearestKey(
  key: string,
  known: readonly string[],
  lettersPerMistake?: number,
): string | undefined {
  const written = key.slice(0, 100).toLowerCase().replaceAll('-', '_');
  const allowed = (name: string) =>
    lettersPerMistake === undefined
      ? Math.max(2, Math.floor(name.length / 3))
      : Math.floor(name.length / lettersPerMistake);
  const [nearest] = known
    .map((name) => ({ name, steps: distance(written, name) }))
    .filter(({ name, steps }) => steps <= allowed(name))
    .sort((a, b) => a.steps - b.steps);
  return nearest?.name;
}

/** `unknown key "tokn"; did you mean "token"?`, or without a near one the list of keys. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestKey(key, known);
  const hint = nearest ? `did you mean ${JSON.stringify(nearest)}?` : `the keys here are ${known.join(', ')}`;
  return `unknown key ${JSON.stringify(key)}; ${hint}`;
}

interface Context {
  source: YamlSource;
  /** The keys the schema knows for the map at a path. */
  keysOf: (path: DataPath) => string[];
}

/** An issue, or those of the branch of a union that its author meant, each with its path from the root. */
export function meantIssues(
  issue: z.core.$ZodIssue,
  above: DataPath = [],
): { path: DataPath; issue: z.core.$ZodIssue }[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The branch that got further than the value itself.
    const meant = issue.errors.find((branch) =>
      branch.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
    );
    if (meant) return meant.flatMap((inner) => meantIssues(inner, path));
  }
  return [{ path, issue }];
}

function problemsOf(path: DataPath, issue: z.core.$ZodIssue, { source, keysOf }: Context): SchemaProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(path);
    return issue.keys.map((key) => ({
      ...source.locate([...path, key], 'key'),
      message: unknownKey(key, known),
      path: [...path, key],
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = `${JSON.stringify(String(path.at(-1)))} ${issue.issues[0]?.message ?? 'is not a valid key'}`;
    return [{ ...source.locate(path, 'key'), message, path }];
  }
  const name = path.length === 0 ? 'the file' : JSON.stringify(path.map(String).join('.'));
  return [{ ...source.locate(path, 'value'), message: `${name} ${issueSentence(issue)}`, path }];
}

/** What is wrong, without the name of the key: `must be text, not a number`. */
export function issueSentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom' || issue.code === 'invalid_union' || issue.code === 'invalid_format') {
    return issue.message;
  }
  if (issue.code === 'invalid_type') return wrongType(issue.expected, issue.input);
  if (issue.code === 'too_small' && ['string', 'array'].includes(issue.origin)) return 'must not be empty';
  if (issue.code === 'too_small') return `must be at least ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `must be at most ${String(issue.maximum)}`;
  return `is not right: ${issue.message}`;
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys',
  record: 'a map of keys',
  array: 'a list',
};

function wrongType(expected: string, input: unknown): string {
  const wanted = TYPES[expected] ?? expected;
  if (input === undefined || input === null) return `must be ${wanted}, but nothing is given`;
  if (expected === 'int' && typeof input === 'number') return `must be ${wanted}`;
  const got = Array.isArray(input) ? 'a list' : (TYPES[typeof input] ?? typeof input);
  return `must be ${wanted}, not ${got}${got === 'a number' && wanted === 'text' ? ' (put it in quotes)' : ''}`;
}

/** Part of a JSON Schema, as far as it tells which keys a map may have. */
interface KeySchema {
  properties?: Record<string, KeySchema>;
  additionalProperties?: KeySchema | boolean;
  items?: KeySchema;
  anyOf?: KeySchema[];
}

/** The keys `schema` knows for the map at `path`. */
export function keysAt(schema: z.ZodType, path: DataPath): string[] {
  return keyFinder(schema)(path);
}

/** `keysAt` of one schema: a file of garbage asks for its keys once for each of its lines. */
function keyFinder(schema: z.ZodType): (path: DataPath) => string[] {
  let root: KeySchema | undefined;
  return (path) => {
    root ??= z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as KeySchema;
    return keysBelow(root, path);
  };
}

function keysBelow(root: KeySchema, path: DataPath): string[] {
  let level = [root];
  for (const step of path) {
    level = level.flatMap(alternatives).flatMap(({ properties, additionalProperties, items }) => {
      const next = typeof step === 'number' ? items : (properties?.[String(step)] ?? additionalProperties);
      return typeof next === 'object' ? [next] : [];
    });
  }
  return level.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function alternatives(schema: KeySchema): KeySchema[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}
