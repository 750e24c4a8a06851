/**
 * The grammar of go.mod files, without the meaning of their lines (Go Modules Reference, "go.mod files: Lexical
 * elements"; package golang.org/x/mod/modfile, read.go):
 *
 * - A line is a statement: words, strings and the punctuation `( ) [ ] { } ,` up to the line's end or a `//`.
 * - `"…"` and `` `…` `` are strings, which end on their line (a backslash in `"…"` protects whatever follows).
 * - Words are made of printable characters. The space, the tab and the carriage return separate; any other
 *   character, and a comment in the style of C, is an error.
 * - A statement whose line ends with `(` is a block of lines up to a line of `)`; `word ()` is an empty block. A
 *   parenthesis elsewhere is a word.
 *
 * Bytes that are not UTF-8 read as U+FFFD, which is printable.
 */

import { ModhavenError } from '../errors.js';
import { isPrintable, quoteChar } from './go-string.js';

/** The words of one line, as they are written (strings with their quotes). */
export interface GoModLine {
  words: string[];
  /** Where it begins, for `goModError`. */
  start: number;
}

/** A line at top level, or a block if it has `lines`; `words` are then those before the parenthesis. */
export interface GoModStatement extends GoModLine {
  lines: GoModLine[] | undefined;
}

interface Token {
  kind: 'end' | 'newline' | 'line comment' | 'comment' | 'string' | 'word' | 'punctuation';
  text: string;
  start: number;
}

interface Lexer {
  /** The next token, which stays the next one. */
  peek(): Token;
  next(): Token;
  fail(reason: string): ModhavenError;
}

const PUNCTUATION = '()[]{},';
const SPACES = /[ \t\r]+/y;
/** ASCII that a word goes on with, whatever follows: no punctuation, and no slash, which may begin a comment. */
const PLAIN = /[!-'*+.\-0-Z\\^-z|~]+/y;
const C_COMMENT = 'mod files must use // comments (not /* */ comments)';

/** What a go.mod file is made of, in its order: a block is followed by its lines and the end of it. */
export type GoModPiece = ({ kind: 'line' | 'block' } & GoModLine) | { kind: 'blank' | 'end of block' };

const BLANK = { kind: 'blank' } as const;
const END_OF_BLOCK = { kind: 'end of block' } as const;

/** Reads the statements of a go.mod file. Throws MODULE_INVALID. */
export function parseStatements(text: string): GoModStatement[] {
  const statements: GoModStatement[] = [];
  let block: GoModLine[] | undefined;
  for (const piece of readPieces(text)) {
    if (piece.kind === 'end of block') block = undefined;
    if (piece.kind !== 'line' && piece.kind !== 'block') continue;
    const { words, start } = piece;
    const isInside = block !== undefined;
    if (piece.kind === 'block') block = [];
    if (isInside) block?.push({ words, start });
    else statements.push({ words, start, lines: block });
  }
  return statements;
}

/** The same piece by piece, one line at a time: nothing is held of a file of a million lines. Throws MODULE_INVALID. */
export function* readPieces(text: string): Generator<GoModPiece, void> {
  const lexer = new TextLexer(text);
  for (;;) {
    const { kind } = lexer.peek();
    if (kind === 'end') return;
    if (kind === 'newline' || kind === 'comment') {
      lexer.next();
      yield BLANK;
    } else {
      const statement = readStatement(lexer);
      const { kind: found, words, start } = statement;
      yield { kind: found === 'line' ? 'line' : 'block', words, start };
      if (found === 'empty block') yield END_OF_BLOCK;
      if (found === 'block') yield* readBlock(text, lexer, statement);
    }
  }
}

/** The MODULE_INVALID error for what stands at `offset`, with the position as the go command prints it. */
export function goModError(text: string, offset: number, reason: string): ModhavenError {
  const { line, column } = position(text, offset);
  const place = column > 1 ? `go.mod:${line}:${column}` : `go.mod:${line}`;
  return new ModhavenError('MODULE_INVALID', 'cannot parse go.mod', { reason: `${place}: ${reason}` });
}

/** A line at top level, or the beginning of a block. */
function readStatement(lexer: Lexer): { kind: 'line' | 'block' | 'empty block' } & GoModLine {
  const first = lexer.next();
  const { start } = first;
  const words = [first.text];
  for (;;) {
    const token = lexer.next();
    if (endsLine(token)) {
      return { kind: 'line', words, start };
    }
    if (token.text === '(' && endsLine(lexer.peek())) {
      return { kind: 'block', words, start };
    }
    if (token.text === '(' && lexer.peek().text === ')') {
      const close = lexer.next();
      if (endsLine(lexer.peek())) {
        lexer.next();
        return { kind: 'empty block', words, start };
      }
      words.push(token.text, close.text);
    } else {
      words.push(token.text);
    }
  }
}

/** The lines of a block, whose first line was read. */
function* readBlock(
  text: string,
  lexer: Lexer,
  { start: blockStart }: GoModLine,
): Generator<GoModPiece, void> {
  for (;;) {
    const token = lexer.peek();
    if (token.kind === 'end') {
      const { line, column } = position(text, blockStart);
      throw lexer.fail(`syntax error (unterminated block started at go.mod:${line}:${column})`);
    }
    if (token.text === ')') {
      lexer.next();
      if (!endsLine(lexer.peek())) {
        throw lexer.fail('syntax error (expected newline after closing paren)');
      }
      lexer.next();
      yield END_OF_BLOCK;
      return;
    }
    if (token.kind === 'newline' || token.kind === 'comment' || token.kind === 'line comment') {
      lexer.next();
      yield BLANK;
    } else {
      yield { kind: 'line', ...parseLine(lexer) };
    }
  }
}

function parseLine(lexer: Lexer): GoModLine {
  const first = lexer.next();
  const words = [first.text];
  for (;;) {
    const token = lexer.next();
    if (endsLine(token)) {
      return { words, start: first.start };
    }
    words.push(token.text);
  }
}

function endsLine(token: Token): boolean {
  return token.kind === 'newline' || token.kind === 'line comment' || token.kind === 'end';
}

class TextLexer implements Lexer {
  private readonly text: string;
  private offset = 0;
  private current: Token;

  constructor(text: string) {
    this.text = text;
    this.current = this.read();
  }

  peek(): Token {
    return this.current;
  }

  next(): Token {
    const token = this.current;
    this.current = this.read();
    return token;
  }

  fail(reason: string): ModhavenError {
    return goModError(this.text, this.offset, reason);
  }

  private read(): Token {
    this.skip(SPACES);
    const start = this.offset;
    const kind = this.readKind();
    return { kind, text: this.text.slice(start, this.offset), start };
  }

  private readKind(): Token['kind'] {
    const char = this.charAt(this.offset);
    if (char === '') {
      return 'end';
    }
    if (char === '\n') {
      this.offset++;
      return 'newline';
    }
    if (this.text.startsWith('//', this.offset)) {
      return this.readComment();
    }
    if (PUNCTUATION.includes(char)) {
      this.offset++;
      return 'punctuation';
    }
    if (char === '"' || char === '`') {
      this.readString(char);
      return 'string';
    }
    this.readWord(char);
    return 'word';
  }

  /** A comment beside a statement ends it as its line break would; one on its own line stands for itself. */
  private readComment(): Token['kind'] {
    const lineStart = this.text.lastIndexOf('\n', this.offset) + 1;
    const alone = /^[ \t\r]*$/.test(this.text.slice(lineStart, this.offset));
    const lineBreak = this.text.indexOf('\n', this.offset);
    this.offset = lineBreak === -1 ? this.text.length : lineBreak + 1;
    return alone ? 'comment' : 'line comment';
  }

  private readString(delimiter: string): void {
    const start = this.offset;
    this.offset++;
    for (;;) {
      const char = this.charAt(this.offset);
      if (char === '\n') {
        throw goModError(this.text, this.offset, 'unexpected newline in string');
      }
      this.offset += char.length;
      if (char === delimiter) {
        return;
      }
      if (char === '\\' && delimiter === '"') {
        this.offset += this.charAt(this.offset).length;
      }
      if (this.offset >= this.text.length) {
        throw goModError(this.text, start, 'unexpected EOF in string');
      }
    }
  }

  private readWord(first: string): void {
    if (!isWordChar(first)) {
      throw goModError(this.text, this.offset, `unexpected input character ${quoteChar(first)}`);
    }
    for (
      let char = first;
      isWordChar(char) && !this.text.startsWith('//', this.offset);
      char = this.charAt(this.offset)
    ) {
      if (this.text.startsWith('/*', this.offset)) {
        throw goModError(this.text, this.offset, C_COMMENT);
      }
      this.offset += char.length;
      this.skip(PLAIN);
    }
  }

  /** Goes behind what `pattern` (sticky) matches here: much quicker than character by character. */
  private skip(pattern: RegExp): void {
    pattern.lastIndex = this.offset;
    if (pattern.test(this.text)) this.offset = pattern.lastIndex;
  }

  private charAt(index: number): string {
    const code = this.text.codePointAt(index);
    return code === undefined ? '' : String.fromCodePoint(code);
  }
}

function isWordChar(char: string): boolean {
  return char !== ' ' && !PUNCTUATION.includes(char) && isPrintable(char);
}

/** Both from 1; columns count characters. */
function position(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = at + 1;
  }
  let column = 1;
  for (let at = lineStart; at < offset; column += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return { line, column };
}
