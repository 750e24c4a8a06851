/**
 * String literals as the go command writes and reads them (package strconv; The Go Programming Language
 * Specification, "String literals"):
 *
 * - A quoted text contains printable characters only, so it is safe in an error message of one line.
 * - Printable means: letters, marks, numbers, punctuation, symbols and the ASCII space.
 * - `"…"` knows the escapes `\a \b \f \n \r \t \v \\ \" \ooo \xhh \uhhhh \Uhhhhhhhh`; `\ooo` and `\xhh` are single
 *   bytes, the others characters. `` `…` `` knows none and loses its carriage returns.
 */

const PRINTABLE = /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u;
const ALL_PLAIN = /^[ !#-[\]-~]*$/;

const ESCAPE_NAMES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

const NAMED_ESCAPES: Readonly<Record<string, number>> = {
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
  '\\': 0x5c,
  '"': 0x22,
};

/** In a `"…"` literal: an escape, or a character that must not stand there by itself. */
const ESCAPE =
  /\\(?:([abfnrtv\\"])|([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|["\\\n]/g;

/** Stands for an invalid escape. */
const NOT_A_BYTE = '\ufffd';

/** Whether `char` (one code point) may stand in text as it is. */
export function isPrintable(char: string): boolean {
  return PRINTABLE.test(char);
}

/** `text` as a `"…"` literal, the way Go's `%q` prints it. */
export function quote(text: string): string {
  return ALL_PLAIN.test(text) ? `"${text}"` : `"${escapeChars(text, '"')}"`;
}

/** `char` (one code point) as a `'…'` literal, the way Go's `%q` prints a rune. */
export function quoteChar(char: string): string {
  return `'${escapeChars(char, "'")}'`;
}

/** `text` with everything that is not printable escaped: for messages that show a text without quotes. */
export function escapeUnprintable(text: string): string {
  return Array.from(text, (char) => (isPrintable(char) ? char : escapeChar(char))).join('');
}

/**
 * The text that the `"…"` or `` `…` `` literal stands for; undefined if it is not one. Bytes that are not UTF-8 come
 * out as U+FFFD.
 */
export function unquote(literal: string): string | undefined {
  if (literal.length < 2 || literal.at(-1) !== literal[0]) {
    return undefined;
  }
  const inside = literal.slice(1, -1);
  if (literal.startsWith('`')) {
    return inside.includes('`') ? undefined : inside.replaceAll('\r', '');
  }
  return literal.startsWith('"') ? unescape(inside) : undefined;
}

function escapeChars(text: string, delimiter: string): string {
  return Array.from(text, (char) => {
    if (char === delimiter) {
      return `\\${char}`;
    }
    return char !== '\\' && isPrintable(char) ? char : escapeChar(char);
  }).join('');
}

function escapeChar(char: string): string {
  const named = ESCAPE_NAMES[char];
  if (named !== undefined) {
    return named;
  }
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) {
    return `\\x${hex.padStart(2, '0')}`;
  }
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function unescape(inside: string): string | undefined {
  // Escapes can spell single bytes, so this works on bytes, one in each character.
  const bytes = Buffer.from(inside)
    .toString('latin1')
    .replace(
      ESCAPE,
      (_, name?: string, octal?: string, hex?: string, short?: string, long?: string) =>
        decodeByte(name, octal, hex) ?? decodeChar(short ?? long) ?? NOT_A_BYTE,
    );
  return bytes.includes(NOT_A_BYTE) ? undefined : Buffer.from(bytes, 'latin1').toString();
}

function decodeByte(name?: string, octal?: string, hex?: string): string | undefined {
  if (name !== undefined) {
    return String.fromCharCode(NAMED_ESCAPES[name] ?? 0);
  }
  const byte = octal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(octal, 8);
  return byte <= 0xff ? String.fromCharCode(byte) : undefined;
}

/** The UTF-8 bytes of the character with this number, if there is one. */
function decodeChar(hex?: string): string | undefined {
  const code = Number.parseInt(hex ?? '', 16);
  const isChar = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isChar ? Buffer.from(String.fromCodePoint(code)).toString('latin1') : undefined;
}
