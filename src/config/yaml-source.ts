/**
 * YAML with positions: text in, plain data out, and for every key and value the line and column it came from.
 *
 * Our two files are edited by hand, so whatever is wrong with one is reported as `FILE:LINE:COL: sentence`, all
 * problems at once, first line first. Refused beyond YAML's own rules: a key written twice (the YAML 1.2
 * specification, 3.2.1.1, wants keys unique, parsers disagree about the winner), a second document in the file, keys
 * that are not text, and aliases that multiply ("billion laughs").
 */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { ModhavenError } from '../errors.js';

/** A place in a file, counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One thing that is wrong, or worth a warning. `message` is one sentence without the position. */
export interface Problem extends Position {
  message: string;
}

/** Where something stands in the data: keys and list indexes from the root. */
export type DataPath = readonly PropertyKey[];

export interface YamlSource {
  /** As the user named it; used in messages. */
  file: string;
  /** Maps are plain objects; an empty file is `undefined`. */
  data: unknown;
  /** Position of the value at `path`, or of its key; of the nearest parent that exists if there is none. */
  locate: (path: DataPath, part: 'key' | 'value') => Position;
}

/**
 * Parses `text`. `braces` matches what is text to us although YAML would read its braces as a map, for instance
 * `${NAME}` in `{ token: ${NAME} }`; each match must begin before the brace and end with it, or be the braces alone.
 * Throws CONFIG with every syntax problem.
 */
export function parseYaml(text: string, file: string, braces: RegExp): YamlSource {
  const lines = new LineCounter();
  // Duplicates are looked for below: the library compares every key with every other, too slow for 10,000 rules.
  const document = parseDocument(hideBraces(text.replace(/^\uFEFF/, ''), braces), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  function position(offset: number | undefined): Position {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  const syntax = document.errors.map((error) => ({
    ...position(error.pos[0]),
    message: syntaxMessage(error),
  }));
  if (syntax.length > 0) throw problemsError(file, syntax.slice(0, 1));
  const bad = checkTree(document.contents, position);
  if (bad.length > 0) throw problemsError(file, bad);
  const index = createIndex(document, position);
  return { file, data: showBraces(toData(document, file)), locate: index };
}

/** All `problems` as one CONFIG error: `FILE:LINE:COL: sentence`, one a line, in the order of the file. */
export function problemsError(file: string, problems: readonly Problem[]): ModhavenError {
  const ordered = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return new ModhavenError('CONFIG', ordered.map((problem) => formatProblem(file, problem)).join('\n'));
}

/** `FILE:LINE:COL: sentence` */
export function formatProblem(file: string, { line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** The sentence a thrown ModhavenError makes in the middle of a problem: what, why, what to do. */
export function explain(error: ModhavenError): string {
  const why = error.reason === undefined ? '' : `: ${error.reason}`;
  const remedy = error.remedy === undefined ? '' : `; ${error.remedy}`;
  return `${error.message}${why}${remedy}`;
}

function syntaxMessage(error: { code: string; message: string }): string {
  const sentences: Record<string, string> = {
    MULTIPLE_DOCS: 'a second YAML document begins here; a configuration file holds one',
    TAB_AS_INDENT: 'YAML does not allow tabs for indentation; use spaces',
  };
  return sentences[error.code] ?? `not valid YAML: ${showBracesIn(error.message.split('\n', 1)[0] ?? '')}`;
}

/** Everywhere in the tree: keys are text, no two of a map are the same, and aliases have an anchor. */
function checkTree(root: unknown, position: (offset: number | undefined) => Position): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Set<string>();
  const aliases: Alias[] = [];
  const pending: unknown[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (isAlias(node)) aliases.push(node);
    else if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    if (isSeq(node)) pending.push(...node.items);
    if (!isMap(node)) continue;
    const seen = new Map<string, Position>();
    for (const { key, value } of node.items) {
      if (isNode(value)) pending.push(value);
      const at = position((key as Node | null)?.range?.[0] ?? node.range?.[0]);
      const name = keyText(key);
      const first = name === undefined ? undefined : seen.get(name);
      if (name === undefined) problems.push({ ...at, message: 'a key must be plain text; put it in quotes' });
      else if (first)
        problems.push({ ...at, message: `the key ${JSON.stringify(name)} is already on line ${first.line}` });
      else seen.set(name, at);
    }
  }
  for (const { source, range } of aliases.filter((alias) => !anchors.has(alias.source))) {
    problems.push({ ...position(range?.[0]), message: `the alias *${source} has no anchor &${source}` });
  }
  return problems;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || typeof key.value === 'object') return undefined;
  return showBracesIn(typeof key.value === 'string' ? key.value : (key.source ?? ''));
}

function toData(document: Document, file: string): unknown {
  if (document.contents === null) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? undefined;
  } catch (error) {
    const message = `its aliases cannot be resolved (${error instanceof Error ? error.message : String(error)})`;
    throw problemsError(file, [{ line: 1, column: 1, message }]);
  }
}

function createIndex(
  document: Document,
  position: (offset: number | undefined) => Position,
): (path: DataPath, part: 'key' | 'value') => Position {
  const pairs = new WeakMap<YAMLMap, Map<string, { key: Node; value: Node | null }>>();
  function pairOf(map: YAMLMap, name: string): { key: Node; value: Node | null } | undefined {
    let byName = pairs.get(map);
    if (!byName) {
      byName = new Map(
        map.items.map(({ key, value }) => [
          keyText(key) ?? '',
          { key: key as Node, value: value as Node | null },
        ]),
      );
      pairs.set(map, byName);
    }
    return byName.get(name);
  }

  return function locate(path, part) {
    let found: Node | null | undefined = document.contents;
    let key: Node | undefined;
    let node: Node | null | undefined = found;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = pairOf(node, String(step));
        if (!pair) return position((key ?? found)?.range?.[0]);
        key = pair.key;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)] as Node | undefined;
        key = undefined;
      } else {
        break;
      }
      found = node;
    }
    // A key without a value has an empty node of its own, which would point behind the colon.
    const empty = isScalar(found) && found.type === 'PLAIN' && found.source === '';
    const target = part === 'key' || !found || empty ? (key ?? found) : found;
    return position(target?.range?.[0]);
  };
}

/*
 * Braces are exchanged for characters of the private use area, one for one, so that columns stay what they are, and
 * exchanged back in everything that leaves this file.
 */
const OPEN = '\uE07B';
const CLOSE = '\uE07D';

function hideBraces(text: string, braces: RegExp): string {
  return text.replace(braces, (match) => match.replaceAll('{', OPEN).replaceAll('}', CLOSE));
}

function showBracesIn(text: string): string {
  return text.replaceAll(OPEN, '{').replaceAll(CLOSE, '}');
}

function showBraces(value: unknown): unknown {
  if (typeof value === 'string') return showBracesIn(value);
  if (Array.isArray(value)) return value.map(showBraces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [showBracesIn(key), showBraces(item)]),
  );
}
