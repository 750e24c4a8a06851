/** Where each setting in force comes from: for `modhaven check` and `modhaven report`. Secrets are not shown. */
import { userDataDir } from './config-file.js';
import { settingsFromEnvironment, valueReader, type ReadVariable } from './environment.js';
import { configKeys, type ConfigKey } from './keys.js';
import { ConfigFile } from './schema.js';
import { expandVariables, VARIABLES } from './variables.js';
import { isDataMap } from '../yaml/problems.js';
import { redactLine } from '../redact.js';
import { parseYaml, type YamlSource } from '../yaml/yaml-source.js';

export interface SettingSource {
  /** As a person writes its place: `cache.dir`, `vcs.hosts."git.corp".token`. */
  key: string;
  /** As written, one line; empty where there is no default. */
  value: string;
  from: 'flag' | 'environment' | 'file' | 'default';
  /** `--listen`, the name of the variable, or `FILE:LINE:COL`; empty for a default. */
  place: string;
}

export interface SourceOptions {
  /** As `readConfig` found them. */
  file: string | undefined;
  text: string;
  env: NodeJS.ProcessEnv;
  /** Values of the command line, by key. */
  flags?: Readonly<Record<string, string | undefined>>;
}

/** Every key, in the order of the schema; of `vcs.hosts` those that are set. Throws CONFIG as `loadConfig` does. */
export function settingSources({ file, text, env, flags = {} }: SourceOptions): SettingSource[] {
  const source = parseYaml(text, file ?? 'modhaven.yaml', VARIABLES);
  const { data } = expandVariables(source, env, valueReader(ConfigFile));
  const { variables, merged } = settingsFromEnvironment(ConfigFile, env, data);
  return configKeys(ConfigFile)
    .flatMap((key) => entriesOf(key, merged))
    .map((key): SettingSource => {
      const name = shownKey(key.path);
      const flag = flags[name];
      if (flag !== undefined) return { key: name, value: flag, from: 'flag', place: `--${name}` };
      return (
        fromVariable(key, { variables, merged, source, env }) ??
        fromFile(key, source) ??
        preset(key, file, env)
      );
    });
}

interface ReadSettings {
  variables: readonly ReadVariable[];
  merged: unknown;
  source: YamlSource;
  env: NodeJS.ProcessEnv;
}

function fromVariable(
  key: ConfigKey,
  { variables, merged, source, env }: ReadSettings,
): SettingSource | undefined {
  const name = shownKey(key.path);
  const found = variables.find(({ path }) => shownKey(path) === name);
  if (found !== undefined) {
    return {
      key: name,
      value: shown(key, valueAt(merged, key.path)),
      from: 'environment',
      place: found.name,
    };
  }
  const { PORT: port } = env;
  const isPort =
    name === 'listen' && port !== undefined && port !== '' && valueAt(source.data, key.path) === undefined;
  return isPort ? { key: name, value: `:${port}`, from: 'environment', place: 'PORT' } : undefined;
}

function fromFile(key: ConfigKey, source: YamlSource): SettingSource | undefined {
  const value = valueAt(source.data, key.path);
  if (value === undefined || value === null || isSection(key, value)) return undefined;
  const { line, column } = source.locate(key.path, 'value');
  return {
    key: shownKey(key.path),
    value: shown(key, value),
    from: 'file',
    place: `${source.file}:${line}:${column}`,
  };
}

/** `store: { s3: … }` is what its own keys say, not a value of `store`. */
function isSection({ forms }: ConfigKey, value: unknown): boolean {
  return isDataMap(value) && !forms.includes('entries');
}

function preset(key: ConfigKey, file: string | undefined, env: NodeJS.ProcessEnv): SettingSource {
  const name = shownKey(key.path);
  const own = name === 'cache.dir' ? userDataDir(file, env) : undefined;
  return {
    key: name,
    value: own ?? shown({ ...key, secret: false }, key.preset),
    from: 'default',
    place: '',
  };
}

/** The key for each entry that a person named; keys of entries that are not written have no default worth a line. */
function entriesOf(key: ConfigKey, merged: unknown): ConfigKey[] {
  const star = key.path.indexOf('*');
  if (star < 0) return [key];
  const entries = valueAt(merged, key.path.slice(0, star));
  const names = isDataMap(entries) ? Object.keys(entries) : [];
  return names
    .map((name) => ({ ...key, path: key.path.with(star, name) }))
    .filter(({ path }) => valueAt(merged, path) !== undefined);
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isDataMap(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    data,
  );
}

function shownKey(path: readonly string[]): string {
  return path.map((part) => (/^[a-z0-9_]+$/.test(part) ? part : JSON.stringify(part))).join('.');
}

const HIDDEN = '(hidden)';

function shown({ secret, forms }: Pick<ConfigKey, 'secret' | 'forms'>, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && forms.includes('list')) return redactLine(value.map(String).join(', '));
  if (typeof value === 'object') return counted(Object.keys(value).length);
  const text = isScalar(value) ? String(value) : '';
  // The name of a variable is not a secret. A list of URLs is one only where it holds a login.
  const isOpen =
    !secret || /^\$\{\w+\}$/.test(text) || (/^(?:off|direct|\w+:\/\/)/.test(text) && !text.includes('@'));
  return isOpen ? redactLine(text) : HIDDEN;
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function counted(count: number): string {
  return count === 0 ? 'none' : `${count} ${count === 1 ? 'entry' : 'entries'}`;
}
