/**
 * Settings from the environment: every key of modhaven.yaml whose value is a scalar or a list is also `MODHAVEN_` and its
 * path in upper case, with `_` for every other character: `cache.dir` is `MODHAVEN_CACHE_DIR`.
 *
 * A variable wins over the file and gives way to the command line. Elements of a list are separated by commas. A secret may
 * also be read from a file that the variable with `_FILE` at its end names. An empty variable counts as not set, since
 * that is what a compose file makes of one that is missing.
 *
 * A host below `vcs.hosts` is part of the name: `MODHAVEN_VCS_HOSTS_GITLAB_CORP_TOKEN`. It is the entry of the file whose
 * key is written so; where there is none, each `_` stands for a dot, and digits after the name are the port.
 */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { configKeys, type ConfigKey } from './keys.js';
import { ModhavenError } from '../errors.js';
import { isDataMap, type DataPath } from '../yaml/problems.js';
import { readConfigText } from '../yaml/read-text.js';
import { issueSentence, meantIssues } from '../yaml/with-schema.js';

export interface EnvironmentSettings {
  /** What the file holds, with what the variables say in its place. */
  merged: unknown;
  /** Variables that were read, in the order of the schema. */
  variables: readonly ReadVariable[];
  /** Variables that are probably misspelt. */
  warnings: string[];
}

export interface ReadVariable {
  path: readonly string[];
  /** With `_FILE` where the value came from a file. */
  name: string;
}

/** Variables of the program that set no key. */
const OTHER_VARIABLES = ['MODHAVEN_CONFIG', 'MODHAVEN_LOG_LEVEL'];

/**
 * What the variables of `env` set in the file that `schema` describes; `written` is what the file holds.
 * Throws CONFIG, naming the variable.
 */
export function settingsFromEnvironment(
  schema: z.ZodType,
  env: NodeJS.ProcessEnv,
  written?: unknown,
): EnvironmentSettings {
  const names = Object.keys(env).filter((name) => name.startsWith('MODHAVEN_') && env[name] !== '');
  if (names.length === 0) return { merged: written, variables: [], warnings: [] };
  const keys = configKeys(schema).filter(({ forms }) => !isOnlyEntries(forms));
  const fixed = keys.filter(({ path }) => !path.includes('*'));
  const taken = new Set(fixed.map(({ path }) => variableName(path)));
  const places = [...fixed, ...chosenPlaces(keys, names, written)];
  const data: Record<string, unknown> = {};
  const variables: ReadVariable[] = [];
  for (const key of places) {
    const found = readVariable(key, env, taken);
    if (found === undefined) continue;
    variables.push({ path: key.path, name: found.name });
    put(data, key.path, readValue(key, found.text));
  }
  check(schema, data, variables);
  const known = [...OTHER_VARIABLES, ...places.flatMap(variableNames)];
  return {
    merged: mergeSettings(written, data, new Set(fixed.map(({ path }) => path.join('.')))),
    variables,
    warnings: names.flatMap((name) => misspelling(name, known)),
  };
}

/**
 * What a text means at a place of the file that `schema` describes, where a variable gives all of it: a number, true or false, or a
 * list by commas, as in the variable of that key.
 */
export function valueReader(schema: z.ZodType): (path: DataPath, text: string) => unknown {
  let keys: readonly ConfigKey[] | undefined;
  return (path, text) => {
    keys ??= configKeys(schema);
    const key = keys.find(
      (known) =>
        known.path.length === path.length &&
        known.path.every((part, index) => part === '*' || part === path[index]),
    );
    return key === undefined ? text : readValue(key, text);
  };
}

/** `base` with the values of `over` in their places. `values` are the paths that may hold a value in place of a map. */
export function mergeSettings(
  base: unknown,
  over: Record<string, unknown>,
  values: ReadonlySet<string> = new Set(),
  path = '',
): unknown {
  // A value where only a map can be: the schema says what is wrong with it. `store: disk` gives way to what is below `store`.
  if (base !== undefined && base !== null && !isDataMap(base) && !values.has(path)) return base;
  const merged: Record<string, unknown> = isDataMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(over)) {
    const at = path === '' ? key : `${path}.${key}`;
    merged[key] = isDataMap(value) ? mergeSettings(merged[key], value, values, at) : value;
  }
  return merged;
}

function isOnlyEntries(forms: ConfigKey['forms']): boolean {
  return forms.every((form) => form === 'entries');
}

/** The name of the variable of a key. */
export function variableName(path: readonly string[]): string {
  return ['MODHAVEN', ...path.map(inName)].join('_');
}

/** The variables that may set a key: none for a list of maps; for a secret also that of the file. */
export function variableNames({
  path,
  forms,
  secret,
}: Pick<ConfigKey, 'path' | 'forms' | 'secret'>): string[] {
  if (isOnlyEntries(forms)) return [];
  const name = variableName(path);
  return secret ? [name, `${name}_FILE`] : [name];
}

function inName(part: string): string {
  return part === '*' ? part : part.replace(/[^A-Za-z0-9]/g, '_').toUpperCase();
}

/** Keys below an entry that a person named, for each entry that one of the variables `names` means. */
function chosenPlaces(keys: readonly ConfigKey[], names: readonly string[], written: unknown): ConfigKey[] {
  const open = keys.filter(({ path }) => path.includes('*'));
  // The longest end first: `…_TOKEN_FILE` is the key token_file.
  const patterns = open
    .map((key) => ({ key, ...aroundChosen(key) }))
    .sort((a, b) => b.end.length - a.end.length);
  return names.flatMap((name) => {
    const pattern = patterns.find(
      ({ start, end }) =>
        name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length,
    );
    if (pattern === undefined) return [];
    const { key, start, end } = pattern;
    const star = key.path.indexOf('*');
    const entry = entryOf(
      name.slice(start.length, name.length - end.length),
      below(written, key.path.slice(0, star)),
    );
    return [{ ...key, path: key.path.with(star, entry) }];
  });
}

function aroundChosen({ path }: ConfigKey): { start: string; end: string } {
  const [start = '', end = ''] = variableName(path).split('*');
  return { start, end };
}

/** The key of an entry, as the file has it, or as the name of its variable tells it. */
function entryOf(text: string, entries: unknown): string {
  const known = isDataMap(entries) ? Object.keys(entries).find((key) => inName(key) === text) : undefined;
  if (known !== undefined) return known;
  const host = text.toLowerCase().replaceAll('_', '.');
  const isAddress = /^\d+(?:\.\d+){3}$/.test(host);
  return isAddress ? host : host.replace(/\.(\d{1,5})$/, ':$1');
}

function below(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isDataMap(value) ? value[key] : undefined), data);
}

function readVariable(
  { path, secret }: ConfigKey,
  env: NodeJS.ProcessEnv,
  taken: ReadonlySet<string>,
): { name: string; text: string } | undefined {
  const name = variableName(path);
  const text = env[name];
  const fileName = `${name}_FILE`;
  const file = secret && !taken.has(fileName) ? env[fileName] : undefined;
  if (file === undefined || file === '') {
    return text === undefined || text === '' ? undefined : { name, text };
  }
  if (text !== undefined && text !== '') {
    throw new ModhavenError('CONFIG', `the variables ${name} and ${fileName} are both set`, {
      remedy: 'keep one of the two',
    });
  }
  const words = { what: `the file that ${fileName} names`, remedy: 'Check the path and its permissions.' };
  return { name: fileName, text: readConfigText(file, words).replace(/\r?\n$/, '') };
}

function readValue({ forms }: ConfigKey, text: string): unknown {
  if (forms.includes('boolean') && /^(?:true|false)$/.test(text)) return text === 'true';
  if (forms.includes('list')) {
    return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  }
  return forms.includes('number') && /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

function put(data: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    data[first] = value;
    return;
  }
  // A variable below a key wins over one of the key itself.
  const next = isDataMap(data[first]) ? data[first] : {};
  data[first] = next;
  put(next, rest, value);
}

/** Only what the variables themselves say: a key that must stand beside one of them may stand in the file. */
function check(schema: z.ZodType, data: unknown, variables: readonly ReadVariable[]): void {
  const result = schema.safeParse(data, { reportInput: true });
  if (result.success) return;
  const same = (path: readonly string[], other: readonly string[]) =>
    path.length === other.length && path.every((part, index) => part === other[index]);
  const issues = result.error.issues.flatMap((issue) => meantIssues(issue));
  const problems = issues.flatMap(({ path: place, issue }) => {
    const path = place.map(String);
    const found =
      variables.find((variable) => same(variable.path, path)) ??
      variables.find((variable) => same(variable.path, path.slice(0, -1)));
    return found === undefined ? [] : [`the variable ${found.name} ${issueSentence(issue)}`];
  });
  if (problems.length > 0) throw new ModhavenError('CONFIG', problems.join('\n'));
}

/** Kubernetes sets `MODHAVEN_PORT` and others for a service of that name, so an unknown variable is not an error. */
function misspelling(name: string, known: readonly string[]): string[] {
  if (known.includes(name)) return [];
  const near = known.find((candidate) => distance(candidate, name) <= 2);
  return near === undefined ? [] : [`the variable ${name} is not a setting; did you mean ${near}?`];
}
