/**
 * Patterns of module paths as GOPRIVATE takes them (Go Modules Reference, "Private modules"; package
 * golang.org/x/mod/module, "MatchPrefixPatterns"; package path, "Match"). Pure.
 *
 * A pattern of N elements is compared with the first N elements of a path: `corp.com/*` matches `corp.com/a` and
 * `corp.com/a/b`, and does not match `corp.com`. In an element, `*` stands for any characters but a slash, `?` for one of
 * them, `[a-z]` and `[^a-z]` for one character of a class (a slash as well, as in Go), and a backslash takes away the meaning
 * of what follows it.
 */

/** Whether a module path is matched. */
export type PathPattern = (path: string) => boolean;

/** What one position of a pattern accepts: one character, or any number of them but a slash. */
type PatternToken = 'any' | ((character: string) => boolean);

/**
 * The patterns of a list separated by commas; empty ones are left out, as the go command does. Undefined if a pattern is
 * malformed, or has a space in it: it would match no module path, and mostly two were meant. The time to match is bounded by the length of the pattern times that of the path.
 */
export function parsePathPatterns(list: string): PathPattern | undefined {
  const patterns: PathPattern[] = [];
  for (const text of list.split(',')) {
    const glob = text.trim().replace(/\/$/, '');
    if (glob === '') continue;
    const tokens = /\s/.test(glob) ? undefined : tokensOf(glob);
    if (tokens === undefined) return undefined;
    const elements = glob.split('/').length;
    patterns.push((path) => {
      const prefix = firstElements(path, elements);
      return prefix !== undefined && matches(tokens, Array.from(prefix));
    });
  }
  return (path) => patterns.some((pattern) => pattern(path));
}

/**
 * The spelling by which paths are compared where no other spelling may get past a pattern. Git hosts take several for one
 * repository: most ignore case and a `.git` behind its name, and keep its wiki beside it (`name.wiki`, `name.design`).
 */
export function plainSpelling(path: string): string {
  return path.toLowerCase().replace(/(?:\.git|\.wiki|\.design)+(?=\/|$)/g, '');
}

/** The first `count` elements of `path`; undefined if it has fewer. */
function firstElements(path: string, count: number): string | undefined {
  const elements = path.split('/');
  return elements.length < count ? undefined : elements.slice(0, count).join('/');
}

/** Remembers one star: with several, only the last one ever has to take more than it took before. */
function matches(tokens: readonly PatternToken[], characters: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star: { token: number; at: number } | undefined;
  while (at < characters.length) {
    const expected = tokens[token];
    const character = characters[at] ?? '';
    if (expected === 'any') {
      star = { token, at };
      token += 1;
    } else if (expected?.(character) === true) {
      token += 1;
      at += 1;
    } else if (star !== undefined && characters[star.at] !== '/') {
      star.at += 1;
      token = star.token + 1;
      at = star.at;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === 'any');
}

function tokensOf(glob: string): PatternToken[] | undefined {
  const characters = Array.from(glob);
  const tokens: PatternToken[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') {
      tokens.push('any');
    } else if (character === '?') {
      tokens.push((other) => other !== '/');
    } else if (character === '[') {
      const read = readClass(characters, at + 1);
      if (read === undefined) return undefined;
      tokens.push(read.token);
      at = read.end;
    } else if (character === '\\') {
      at += 1;
      const escaped = characters[at];
      if (escaped === undefined) return undefined;
      tokens.push((other) => other === escaped);
    } else {
      tokens.push((other) => other === character);
    }
  }
  return tokens;
}

/** The class whose first character is at `from`; `end` is the position of its closing bracket. */
function readClass(
  characters: readonly string[],
  from: number,
): { token: PatternToken; end: number } | undefined {
  const isNegated = characters[from] === '^';
  const ranges: [low: string, high: string][] = [];
  let at = isNegated ? from + 1 : from;
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = readBound(characters, at);
    if (low === undefined) return undefined;
    at = low.next;
    let high = low;
    if (characters[at] === '-') {
      const read = readBound(characters, at + 1);
      if (read === undefined) return undefined;
      high = read;
      at = read.next;
    }
    ranges.push([low.character, high.character]);
  }
  const contains = (character: string): boolean =>
    ranges.some(
      ([low, high]) => codePoint(low) <= codePoint(character) && codePoint(character) <= codePoint(high),
    );
  return { token: (character) => contains(character) !== isNegated, end: at };
}

function readBound(
  characters: readonly string[],
  at: number,
): { character: string; next: number } | undefined {
  const first = characters[at];
  if (first === undefined || first === '-' || first === ']') return undefined;
  if (first !== '\\') return { character: first, next: at + 1 };
  const escaped = characters[at + 1];
  return escaped === undefined ? undefined : { character: escaped, next: at + 2 };
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
