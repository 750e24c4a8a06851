/**
 * Settings from the environment: every key of modhaven.yaml whose value is a scalar or a list is also `MODHAVEN_` and its
 * path in upper case, with `_` between the parts: `cache.dir` is `MODHAVEN_CACHE_DIR`.
 *
 * A variable wins over the file and gives way to the command line. Elements of a list are separated by commas. A secret may
 * also be read from a file that the variable with `_FILE` at its end names. An empty variable counts as not set, since
 * that is what a compose file makes of one that is missing.
 */
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { ModhavenError } from '../errors.js';
import { readConfigText } from '../yaml/read-text.js';
import { issueSentence } from '../yaml/with-schema.js';

export interface EnvironmentSettings {
  /** What the variables say, as the file would: maps within maps. */
  data: Record<string, unknown>;
  /** Keys that are set, as paths with dots. */
  keys: ReadonlySet<string>;
  /** Variables that are probably misspelt. */
  warnings: string[];
}

interface Key {
  /** `cache.dir` */
  path: string;
  /** `number`: a number where the text is one. */
  kind: 'text' | 'number' | 'boolean' | 'list';
}

/** Keys whose value nobody may read in a process list or an image: they may be named by a file. */
const SECRETS = ['webhook.secret', 'upstream', 'redis'];

/** What the variables of `env` set in the file that `schema` describes. Throws CONFIG, naming the variable. */
export function settingsFromEnvironment(schema: z.ZodType, env: NodeJS.ProcessEnv): EnvironmentSettings {
  const names = Object.keys(env).filter((name) => name.startsWith('MODHAVEN_') && env[name] !== '');
  const settings: EnvironmentSettings = { data: {}, keys: new Set(), warnings: [] };
  if (names.length === 0) return settings;
  const keys = scalarKeys(schema);
  const set = new Map<string, string>();
  for (const key of keys) {
    const found = readVariable(key.path, env);
    if (found === undefined) continue;
    set.set(key.path, found.name);
    put(settings.data, key.path.split('.'), readValue(key, found.text));
  }
  check(schema, settings.data, set);
  return {
    data: settings.data,
    keys: new Set(set.keys()),
    warnings: names.flatMap((name) => misspelling(name, keys)),
  };
}

/** `base` with the values of `over` in their places. */
export function mergeSettings(base: unknown, over: Record<string, unknown>): unknown {
  if (base !== undefined && base !== null && !isMap(base)) return base; // the schema says what is wrong with it
  const merged: Record<string, unknown> = { ...(base ?? {}) };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = isMap(value) ? mergeSettings(merged[key], value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The name of the variable of a key. */
export function variableName(path: string): string {
  return `MODHAVEN_${path.replaceAll('.', '_').toUpperCase()}`;
}

function readVariable(path: string, env: NodeJS.ProcessEnv): { name: string; text: string } | undefined {
  const name = variableName(path);
  const text = env[name];
  const fileName = `${name}_FILE`;
  const file = SECRETS.includes(path) ? env[fileName] : undefined;
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

function readValue({ kind }: Key, text: string): unknown {
  if (kind === 'list') return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return kind === 'number' && /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

function put(data: Record<string, unknown>, [first = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    data[first] = value;
    return;
  }
  const below = (data[first] ??= {});
  if (isMap(below)) put(below, rest, value);
}

/** Only what the variables themselves say: a key that must stand beside one of them may stand in the file. */
function check(schema: z.ZodType, data: unknown, set: ReadonlyMap<string, string>): void {
  const result = schema.safeParse(data, { reportInput: true });
  if (result.success) return;
  const problems = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    const name = set.get(path.join('.')) ?? set.get(path.slice(0, -1).join('.'));
    return name === undefined ? [] : [`the variable ${name} ${issueSentence(issue)}`];
  });
  if (problems.length > 0) throw new ModhavenError('CONFIG', problems.join('\n'));
}

/** Kubernetes sets `MODHAVEN_PORT` and others for a service of that name, so what is unknown is no error. */
function misspelling(name: string, keys: readonly Key[]): string[] {
  const known = keys.flatMap(({ path }) => [
    variableName(path),
    ...(SECRETS.includes(path) ? [`${variableName(path)}_FILE`] : []),
  ]);
  if (known.includes(name) || name === 'MODHAVEN_LOG_LEVEL') return [];
  const near = known.find((candidate) => distance(candidate, name) <= 2);
  return near === undefined ? [] : [`the variable ${name} is not a setting; did you mean ${near}?`];
}

/** Part of a JSON Schema, as far as it tells which keys there are and what they hold. */
interface KeySchema {
  type?: string | string[];
  properties?: Record<string, KeySchema>;
  anyOf?: KeySchema[];
  items?: KeySchema;
}

function scalarKeys(schema: z.ZodType): Key[] {
  return keysBelow(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as KeySchema, []);
}

function keysBelow(schema: KeySchema, path: string[]): Key[] {
  const forms = schema.anyOf ?? [schema];
  const maps = forms.filter(({ properties }) => properties !== undefined);
  if (maps.length > 0) {
    return maps.flatMap(({ properties = {} }) =>
      Object.entries(properties).flatMap(([key, below]) => keysBelow(below, [...path, key])),
    );
  }
  const key = path.join('.');
  if (forms.some(({ type, items }) => type === 'array' && items?.type === 'string')) {
    return [{ path: key, kind: 'list' }];
  }
  if (forms.some(({ type }) => type === 'boolean')) return [{ path: key, kind: 'boolean' }];
  if (forms.some(({ type }) => type === 'array' || type === 'object')) return [];
  const takesNumber = forms.some(({ type }) => type === 'integer' || type === 'number');
  return [{ path: key, kind: takesNumber ? 'number' : 'text' }];
}
