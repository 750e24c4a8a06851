/**
 * What is wrong with a YAML document beyond its syntax: keys that are not text or are written twice, aliases without an
 * anchor, aliases of what they stand in, and more content than `limits.ts` allows once aliases are followed.
 */
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Alias, Node, Pair, YAMLMap } from 'yaml';
import { MAX_ALIASES, MAX_DEPTH, MAX_NODES } from './limits.js';
import type { Position, Problem } from './problems.js';

/** Keys and values below a node, and levels of maps and lists, with aliases followed. */
interface Size {
  nodes: number;
  depth: number;
}

export interface CheckedTree {
  problems: Problem[];
  /** What each alias stands for. */
  targets: ReadonlyMap<Alias, Node>;
}

export interface TreeWords {
  position: (offset: number | undefined) => Position;
  /** The text of a key; undefined if it is not text. */
  keyText: (key: unknown) => string | undefined;
}

/** Checks the tree below `root`, which `parseBounded` made: it is not deep, so recursion is safe. */
export function checkTree(root: unknown, words: TreeWords): CheckedTree {
  const check = new TreeCheck(words);
  const size = check.visit(root);
  if (size.nodes > MAX_NODES) {
    check.report(undefined, `the file holds more than ${MAX_NODES} keys and values, its aliases followed`);
  }
  if (size.depth > MAX_DEPTH) {
    check.report(
      undefined,
      `more than ${MAX_DEPTH} maps and lists stand inside one another, its aliases followed`,
    );
  }
  return check;
}

class TreeCheck implements CheckedTree {
  readonly problems: Problem[] = [];
  readonly targets = new Map<Alias, Node>();
  /** What an alias may refer to: the anchors that stand before it. No size yet: it stands in the very node. */
  readonly #anchors = new Map<string, { node: Node; size: Size | undefined }>();

  readonly #words: TreeWords;

  constructor(words: TreeWords) {
    this.#words = words;
  }

  report(offset: number | undefined, message: string): void {
    this.problems.push({ ...this.#words.position(offset), message });
  }

  /** In the order of the file. */
  visit(node: unknown): Size {
    if (isAlias(node)) return this.#visitAlias(node);
    if (!isNode(node)) return { nodes: 1, depth: 0 };
    const anchored = node.anchor === undefined ? undefined : { node, size: undefined as Size | undefined };
    if (anchored !== undefined) this.#anchors.set(node.anchor ?? '', anchored);
    const size = isMap(node)
      ? this.#visitMap(node)
      : isSeq(node)
        ? this.#visitItems(node.items)
        : { nodes: 1, depth: 0 };
    if (anchored !== undefined) anchored.size = size;
    return size;
  }

  #visitAlias(alias: Alias): Size {
    const { source, range } = alias;
    const anchored = this.#anchors.get(source);
    if (this.targets.size === MAX_ALIASES) {
      this.report(range?.[0], `the file holds more than ${MAX_ALIASES} aliases`);
    }
    if (anchored === undefined) {
      this.report(range?.[0], `the alias *${source} has no anchor &${source}`);
    } else if (anchored.size === undefined) {
      this.report(range?.[0], `the alias *${source} stands in &${source} itself, which would never end`);
    } else {
      this.targets.set(alias, anchored.node);
      return anchored.size;
    }
    return { nodes: 1, depth: 0 };
  }

  #visitItems(items: readonly unknown[]): Size {
    const sizes = items.map((item) => this.visit(item));
    return {
      nodes: sizes.reduce((sum, { nodes }) => sum + nodes, 1),
      depth: sizes.reduce((deepest, { depth }) => Math.max(deepest, depth), 0) + 1,
    };
  }

  #visitMap(map: YAMLMap): Size {
    const seen = new Map<string, Position>();
    for (const pair of map.items) this.#checkKey(pair, map, seen);
    return this.#visitItems(map.items.flatMap(({ key, value }) => (isAlias(key) ? [value] : [key, value])));
  }

  #checkKey({ key }: Pair, map: YAMLMap, seen: Map<string, Position>): void {
    const offset = (isNode(key) ? key : map).range?.[0];
    const name = this.#words.keyText(key);
    if (name === undefined) {
      this.report(offset, 'a key must be plain text; put it in quotes');
      return;
    }
    const first = seen.get(name);
    if (first !== undefined) {
      this.report(offset, `the key ${JSON.stringify(name)} is already on line ${first.line}`);
      return;
    }
    seen.set(name, this.#words.position(offset));
  }
}

/** The text of a scalar key as it is written; undefined for anything else. */
export function plainKey(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || typeof key.value === 'object') return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}
