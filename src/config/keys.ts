/**
 * The keys of modhaven.yaml as a list, read from its schema: what the environment, the documentation and `check` go by.
 *
 * A key that is added to the schema is in the list, so it has its variable and its line in docs/configuration.md without
 * another edit.
 */
import { z } from 'zod';

/**
 * What a key may hold. `number`: text that is a number is one. `list`: a list of texts. `entries`: a list of maps, or a map
 * of keys that no variable can set.
 */
export type KeyForm = 'text' | 'number' | 'boolean' | 'list' | 'entries';

export interface ConfigKey {
  /** The path from the root; `*` stands for a key that the person chooses, such as a host below `vcs.hosts`. */
  path: readonly string[];
  /** In the order of the schema; never empty. */
  forms: readonly KeyForm[];
  description: string;
  /** As it would be written; undefined where there is none. */
  preset: unknown;
  /** The words that it may be, where there are only some. */
  choices: readonly string[];
  /** Whether the value must not be shown, and may be read from a file that a variable names. */
  secret: boolean;
}

/** Part of a JSON Schema, as far as it tells which keys there are and what they hold. */
interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  anyOf?: SchemaNode[];
  items?: SchemaNode;
  writeOnly?: boolean;
}

/** The keys of the file that `schema` describes, in its order. */
export function configKeys(schema: z.ZodType): ConfigKey[] {
  return keysBelow(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode, []);
}

function keysBelow(schema: SchemaNode, path: readonly string[]): ConfigKey[] {
  const all = alternatives(schema);
  const own = path.length === 0 ? [] : ownKey(schema, all, path);
  return [...own, ...all.flatMap((form) => childrenOf(form, path))];
}

function childrenOf({ properties, additionalProperties }: SchemaNode, path: readonly string[]): ConfigKey[] {
  const named = Object.entries(properties ?? {}).flatMap(([key, below]) => keysBelow(below, [...path, key]));
  // A map of maps; a map of values below a chosen key (ssh_options) is one key with entries.
  const isOpen = typeof additionalProperties === 'object' && !path.includes('*');
  return isOpen ? [...named, ...keysBelow(additionalProperties, [...path, '*'])] : named;
}

/** The key itself, where it holds more than a map of further keys. */
function ownKey(schema: SchemaNode, all: readonly SchemaNode[], path: readonly string[]): ConfigKey[] {
  const forms = [...new Set(all.flatMap((form) => formOf(form, path)))];
  if (forms.length === 0) return [];
  const key = path.at(-1) ?? '';
  return [
    {
      path,
      forms,
      description: schema.description ?? '',
      preset: schema.default,
      choices: all.flatMap((form) => [...(form.enum ?? []), form.const].filter((word) => isWord(word))),
      secret: all.some(({ writeOnly }) => writeOnly === true) || SECRET_KEY.test(key),
    },
  ];
}

/** Keys whose value must not be readable in a process list or an image; `upstream` and `redis` are URLs that may hold a login. */
const SECRET_KEY = /^(?:.*_)?(?:secret|token|password|passphrase)$|^(?:upstream|redis)$/;

function isWord(value: unknown): value is string {
  return typeof value === 'string';
}

function formOf(
  { type, properties, additionalProperties, items, ...rest }: SchemaNode,
  path: readonly string[],
): KeyForm[] {
  if (properties !== undefined) return [];
  const types = typeof type === 'string' ? [type] : (type ?? [typeof (rest.const ?? rest.enum?.[0] ?? '')]);
  if (types.includes('object')) {
    return typeof additionalProperties === 'object' && path.includes('*') ? ['entries'] : [];
  }
  if (types.includes('array')) return [items?.type === 'string' ? 'list' : 'entries'];
  if (types.includes('boolean')) return ['boolean'];
  if (types.includes('null')) return [];
  return types.includes('string') ? ['text'] : ['number'];
}

function alternatives(schema: SchemaNode): SchemaNode[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}
