/**
 * Reads YAML that is nothing but block maps of plain words, as most lists of rules are: the library makes a tree with a node
 * for each word of them, which for 10,000 rules takes longer than all else that is done with them. What is written in any
 * other way, or is wrong, is not read here; what is read is what the library would have read.
 */
import { MAX_DEPTH, MAX_NODES } from './limits.js';
import type { DataPath, Position } from './problems.js';

export interface PlainMaps {
  /** Nothing but text, whole numbers, and plain objects of these. */
  data: Record<string, unknown>;
  /** Where the last key of `path` is written; undefined if there is none. */
  keyAt: (path: DataPath) => Position | undefined;
}

/** A map, and where its keys are. */
interface Level {
  indent: number;
  data: Record<string, unknown>;
  keys: Map<string, Key>;
}

interface Key extends Position {
  below: Level | undefined;
}

/** Spaces, a key, and a value that YAML takes for text, whatever is around it, or for a whole number. */
const LINE =
  /^( *)([A-Za-z/][\w./~{}@+-]*):(?: +((?:\.{0,2}\/|[A-Za-z])[\w./:@~{}+%-]*|0|[1-9]\d{0,14}))? *(?: #.*)?$/;
const NO_LINE = /^ *(?:#.*)?$/;
const NUMBER = /^\d+$/;
/** Words that are not text, and what would be a key of a map inside of the line. */
const NOT_TEXT = /^(?:null|true|false)$|:$/i;

/** What `text` says; undefined where that is for the library to find out. */
export function readPlainMaps(text: string): PlainMaps | undefined {
  const lines = text.split('\n');
  if (lines.length > MAX_NODES) return undefined;
  const reader = new PlainReader();
  for (const [i, line] of lines.entries()) {
    const [, spaces, name, value] = LINE.exec(line) ?? [];
    const isPlain =
      spaces === undefined || name === undefined
        ? NO_LINE.test(line)
        : reader.take({ line: i + 1, column: spaces.length + 1, below: undefined }, name, value);
    if (!isPlain) return undefined;
  }
  return reader.end();
}

class PlainReader {
  readonly #root: Level = { indent: 0, data: {}, keys: new Map() };
  /** The maps that the last line stands in. */
  readonly #stack = [this.#root];
  /** A key without a value, which the next line has to give it. */
  #open: { key: Key; name: string; of: Level } | undefined;
  #nodes = 1;

  /** Takes one line; false where it is not plain. */
  take(key: Key, name: string, value: string | undefined): boolean {
    const level = this.#levelAt(key.column - 1);
    if (level === undefined || level.keys.has(name) || NOT_TEXT.test(name)) return false;
    level.keys.set(name, key);
    this.#nodes += 2;
    if (value === undefined) this.#open = { key, name, of: level };
    else if (NOT_TEXT.test(value)) return false;
    else level.data[name] = NUMBER.test(value) ? Number(value) : value;
    return this.#nodes <= MAX_NODES && this.#stack.length <= MAX_DEPTH;
  }

  end(): PlainMaps | undefined {
    const root = this.#root;
    if (this.#open !== undefined || root.keys.size === 0) return undefined;
    return { data: root.data, keyAt: (path) => findKey(root, path) };
  }

  /** The map that a key at this indentation is in; undefined if there can be none. */
  #levelAt(indent: number): Level | undefined {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) {
      if (indent <= open.of.indent) return undefined;
      const below: Level = { indent, data: {}, keys: new Map() };
      open.of.data[open.name] = below.data;
      open.key.below = below;
      this.#stack.push(below);
      return below;
    }
    while ((this.#stack.at(-1)?.indent ?? 0) > indent) this.#stack.pop();
    const level = this.#stack.at(-1);
    return level?.indent === indent ? level : undefined;
  }
}

function findKey(root: Level, path: DataPath): Position | undefined {
  let level: Level | undefined = root;
  let key: Key | undefined;
  for (const step of path) {
    key = level?.keys.get(String(step));
    if (key === undefined) return undefined;
    level = key.below;
  }
  return key && { line: key.line, column: key.column };
}
