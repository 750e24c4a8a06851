/**
 * YAML with positions: text in, plain data out, and for every key and value the line and column it came from.
 *
 * Our two files are edited by hand, so whatever is wrong with one is reported as `FILE:LINE:COL: sentence`, all
 * problems at once, first line first. Refused beyond YAML's own rules: a key written twice (the YAML 1.2
 * specification, 3.2.1.1, wants keys unique, parsers disagree about the winner), a second document in the file, keys
 * that are not text, control characters, and more than `limits.ts` allows ("billion laughs" included).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter } from 'yaml';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { parseBounded, TooMuch, type ParsedText } from './bounded-parse.js';
import { checkTree, plainKey } from './check-tree.js';
import { readPlainMaps } from './plain-maps.js';
import { problemsError, type DataPath, type Position } from './problems.js';

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
 * Throws CONFIG with the first syntax problem, or every other one.
 */
export function parseYaml(text: string, file: string, braces: RegExp): YamlSource {
  const clean = text.replace(/^\uFEFF/, '');
  const control = CONTROL.exec(clean);
  if (control !== null) {
    const [character] = control;
    const message = `the character ${codePoint(character)} has no place in a text: is this a configuration file?`;
    throw problemsError(file, [{ ...positionIn(clean, control.index), message }]);
  }
  const plain = readPlainMaps(clean);
  if (plain === undefined) return parseTree(clean, file, braces);
  let tree: YamlSource | undefined;
  const locate: YamlSource['locate'] = (path, part) => {
    const key = part === 'key' ? plain.keyAt(path) : undefined;
    // For messages, which are few.
    return key ?? (tree ??= parseTree(clean, file, braces)).locate(path, part);
  };
  return { file, data: plain.data, locate };
}

/** The place of the character at `offset`. */
function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The same by the library, which makes a tree of the text. */
function parseTree(text: string, file: string, braces: RegExp): YamlSource {
  const lines = new LineCounter();
  function position(offset: number | undefined): Position {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
  function refuse(offset: number | undefined, message: string): never {
    throw problemsError(file, [{ ...position(offset), message }]);
  }

  let parsed: ParsedText;
  try {
    parsed = parseBounded(hideBraces(text, braces), lines);
  } catch (error) {
    if (error instanceof TooMuch) {
      refuse(error.offset, `${error.message}; no configuration file may hold more`);
    }
    throw error;
  }
  const { document, second } = parsed;
  if (second !== undefined) {
    refuse(second, 'a second YAML document begins here; a configuration file holds one');
  }
  if (document === undefined) return { file, data: undefined, locate: () => position(0) };
  const [syntax] = document.errors;
  if (syntax !== undefined) refuse(syntax.pos[0], syntaxMessage(syntax));
  const { problems, targets } = checkTree(document.contents, { position, keyText });
  if (problems.length > 0) throw problemsError(file, problems);
  return { file, data: showBraces(toData(document)), locate: createIndex(document, targets, position) };
}

// eslint-disable-next-line no-control-regex -- refusing them is the point
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function syntaxMessage(error: { code: string; message: string }): string {
  const sentences: Record<string, string> = {
    MULTIPLE_DOCS: 'a second YAML document begins here; a configuration file holds one',
    TAB_AS_INDENT: 'YAML does not allow tabs for indentation; use spaces',
  };
  return sentences[error.code] ?? `not valid YAML: ${showBracesIn(error.message.split('\n', 1)[0] ?? '')}`;
}

function keyText(key: unknown): string | undefined {
  const text = plainKey(key);
  return text === undefined ? undefined : showBracesIn(text);
}

/** How often aliases multiply is bounded before, by `checkTree`. */
function toData(document: Document): unknown {
  return document.contents === null ? undefined : (document.toJS({ maxAliasCount: -1 }) ?? undefined);
}

function createIndex(
  document: Document,
  targets: ReadonlyMap<Alias, Node>,
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
      if (isAlias(node)) node = targets.get(node);
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
