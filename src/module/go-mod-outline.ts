/**
 * A go.mod file as people read it: what it requires, replaces, excludes and retracts, and why (Go Modules Reference,
 * "go.mod files"). It reads as much as it can and throws for nothing: what decides about versions is `go-mod.ts`.
 */
import { isModhavenError } from '../errors.js';
import { readString } from './go-mod.js';
import { parseStatements, type GoModLine } from './go-mod-syntax.js';

export interface Requirement {
  path: string;
  version: string;
  /** Marked with `// indirect`. */
  isIndirect: boolean;
}

export interface Replacement {
  path: string;
  /** Undefined: of every version. */
  version: string | undefined;
  /** A module path, or a directory. */
  with: string;
  withVersion: string | undefined;
}

export interface Retraction {
  low: string;
  high: string;
  /** The comment beside it or above it; '' if there is none. */
  rationale: string;
}

export interface GoModOutline {
  module: string | undefined;
  go: string | undefined;
  toolchain: string | undefined;
  /** The text of `// Deprecated:` at the module line. */
  deprecated: string | undefined;
  requires: Requirement[];
  replaces: Replacement[];
  excludes: { path: string; version: string }[];
  retracts: Retraction[];
  tools: string[];
}

/** UTF-16 units of a go.mod that is outlined: one that is longer is not written for people, and takes long. */
const MAX_LENGTH = 512 * 1024;
/** UTF-16 units of a comment, after which its next line is not read. */
const MAX_COMMENT = 8 * 1024;

/** The outline of a go.mod text; of one that cannot be read, or is longer than 512 Ki characters, an empty one. */
export function outlineGoMod(text: string): GoModOutline {
  const outline: GoModOutline = {
    module: undefined,
    go: undefined,
    toolchain: undefined,
    deprecated: undefined,
    requires: [],
    replaces: [],
    excludes: [],
    retracts: [],
    tools: [],
  };
  if (text.length > MAX_LENGTH) return outline;
  try {
    for (const { words, start, lines } of parseStatements(text)) {
      const [verb = '', ...args] = words;
      for (const line of lines ?? [{ words: args, start }]) note(outline, verb, line, text);
    }
  } catch (error) {
    if (!isModhavenError(error, 'MODULE_INVALID')) throw error;
  }
  return outline;
}

function note(outline: GoModOutline, verb: string, line: GoModLine, text: string): void {
  const words = line.words.map((word) => readString(word) ?? word);
  const [first = '', second = ''] = words;
  switch (verb) {
    case 'module':
      outline.module ??= first;
      outline.deprecated ??= deprecation(commentAt(text, line.start));
      break;
    case 'go':
      outline.go ??= first;
      break;
    case 'toolchain':
      outline.toolchain ??= first;
      break;
    case 'require':
      outline.requires.push({ path: first, version: second, isIndirect: isIndirect(text, line.start) });
      break;
    case 'exclude':
      outline.excludes.push({ path: first, version: second });
      break;
    case 'replace':
      outline.replaces.push(...replacement(words));
      break;
    case 'retract':
      outline.retracts.push(...retraction(words, commentAt(text, line.start)));
      break;
    case 'tool':
      outline.tools.push(first);
      break;
  }
}

function replacement(words: readonly string[]): Replacement[] {
  const arrow = words.indexOf('=>');
  const [path, version] = words.slice(0, Math.max(arrow, 0));
  const [target, withVersion] = words.slice(arrow + 1);
  return path === undefined || target === undefined ? [] : [{ path, version, with: target, withVersion }];
}

function retraction(words: readonly string[], rationale: string): Retraction[] {
  const [low, high] = words.filter((word) => !['[', ']', ','].includes(word));
  return low === undefined ? [] : [{ low, high: high ?? low, rationale }];
}

/** `// indirect`, alone or before a `;`, as the go command reads it. */
function isIndirect(text: string, start: number): boolean {
  return /^indirect(?:;|$)/.test(besides(lineAt(text, start)));
}

/** The comment beside what begins at `start`, else the lines of comment right above it. */
function commentAt(text: string, start: number): string {
  const beside = besides(lineAt(text, start));
  if (beside !== '') return beside;
  const above: string[] = [];
  let length = 0;
  for (let end = text.lastIndexOf('\n', start); end > 0 && length < MAX_COMMENT;) {
    const begin = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(begin, end).trim();
    if (!line.startsWith('//')) break;
    above.push(line.replace(/^\/\/\s?/, ''));
    length += line.length;
    end = begin - 1;
  }
  return above.reverse().join('\n').trim();
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? text.length : end);
}

function besides(line: string): string {
  const at = line.indexOf('//');
  return at < 0 ? '' : line.slice(at + 2).trim();
}

/** The paragraph that begins with `Deprecated:` (package modfile, parseDeprecation). */
function deprecation(comment: string): string | undefined {
  return /(?:^|\n\n)Deprecated: *((?:.|\n(?!\n))*)/.exec(comment)?.[1]?.replace(/\s+/g, ' ').trim();
}
