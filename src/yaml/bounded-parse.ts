/**
 * From text to a YAML document, within bounds.
 *
 * The library composes a document recursively, so its depth is bounded while its tokens are made, which is done without
 * recursion. The number of tokens is bounded there, too.
 */
import { Composer, type CST, Lexer, Parser, type Document, type LineCounter } from 'yaml';
import { MAX_DEPTH, MAX_NODES } from './limits.js';

/** A text that is more than we take. `offset` is where it becomes so. */
export class TooMuch extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Tokens are keys, values, punctuation, spaces, line ends and comments: this many go with each key and value. */
const TOKENS_PER_NODE = 6;

/** Syntax errors and `%` directives after which reading ends: the library takes quadratic time for many of them. */
const MAX_ODD_TOKENS = 20;

export interface ParsedText {
  document: Document.Parsed | undefined;
  /** Where a second document begins. */
  second: number | undefined;
}

/** Parses the one document of `text`. Throws TooMuch. */
export function parseBounded(text: string, lines: LineCounter): ParsedText {
  // Duplicates are found by `check-tree.ts`: the library compares every key with every other, too slow for 10,000 rules.
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const parsed: ParsedText = { document: undefined, second: undefined };
  for (const document of composer.compose(tokens(text, lines), true, text.length)) {
    if (parsed.document !== undefined) return { ...parsed, second: document.range[0] };
    parsed.document = document;
  }
  return parsed;
}

function* tokens(text: string, lines: LineCounter): Generator<CST.Token, void> {
  const parser = new Parser(lines.addNewLine);
  // As `Parser.parse` does.
  lines.addNewLine(0);
  let count = 0;
  let odd = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === 'error' || token.type === 'directive') odd += 1;
    }
    if (odd > MAX_ODD_TOKENS) return;
    // Each map or list is one entry of the stack; the document and the scalar are two more.
    if (parser.stack.length > MAX_DEPTH + 2) {
      throw new TooMuch(`more than ${MAX_DEPTH} maps and lists stand inside one another`, parser.offset);
    }
    count += 1;
    if (count > MAX_NODES * TOKENS_PER_NODE) {
      throw new TooMuch(`the file holds more than ${MAX_NODES} keys and values`, parser.offset);
    }
  }
  yield* parser.end();
}
