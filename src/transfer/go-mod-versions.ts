/**
 * The versions that the go.mod file of a main module names (Go Modules Reference, "go.mod files"): those of its `require`
 * lines, and in place of a replaced one that of the `replace` line; a replacement by a directory needs none.
 */
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { readString } from '../module/go-mod.js';
import { goModError, parseStatements, type GoModLine } from '../module/go-mod-syntax.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';

export interface RequiredVersion {
  module: ModulePath;
  /** As written in the file: a version, or something that `go` resolves to one (a branch, a hash). */
  query: string;
}

interface ReplaceLine {
  /** Undefined: every version. */
  version: string | undefined;
  /** Undefined: a directory. */
  by: RequiredVersion | undefined;
}

/** Reads the text of `file`. Throws CONFIG with the place of the first mistake. Lines of other kinds are skipped. */
export function requiredVersions(text: string, file: string): RequiredVersion[] {
  try {
    return read(text);
  } catch (error) {
    if (!isModhavenError(error, 'MODULE_INVALID')) throw error;
    const message = (error.reason ?? error.message).replace(/^go\.mod:/, () => `${file}:`);
    throw new ModhavenError('CONFIG', message, { cause: error });
  }
}

function read(text: string): RequiredVersion[] {
  const required: RequiredVersion[] = [];
  const replacements = new Map<string, ReplaceLine[]>();
  for (const { words, start, lines } of parseStatements(text)) {
    const [verb, ...rest] = words;
    for (const line of lines ?? [{ words: rest, start }]) {
      if (verb === 'require') required.push(readRequire(text, line));
      if (verb === 'replace') addReplacement(text, line, replacements);
    }
  }
  return required.flatMap((version) => {
    const candidates = replacements.get(version.module) ?? [];
    const replacement =
      candidates.find((candidate) => candidate.version === version.query) ??
      candidates.find((candidate) => candidate.version === undefined);
    if (replacement === undefined) return [version];
    return replacement.by === undefined ? [] : [replacement.by];
  });
}

function readRequire(text: string, { words, start }: GoModLine): RequiredVersion {
  if (words.length !== 2) throw goModError(text, start, 'usage: require module/path v1.2.3');
  return readVersion(text, { words, start });
}

function addReplacement(text: string, { words, start }: GoModLine, to: Map<string, ReplaceLine[]>): void {
  const arrow = words.indexOf('=>');
  const [before, after] = [words.slice(0, arrow), words.slice(arrow + 1)];
  const [path = '', version] = before.map((word) => readString(word));
  const target = readString(after[0] ?? '') ?? '';
  if (arrow < 1 || before.length > 2 || after.length < 1 || after.length > 2) {
    throw goModError(text, start, 'usage: replace module/path [v1.2.3] => other/module v1.4 or directory');
  }
  const isDirectory = after.length === 1;
  if (isDirectory && !/^(?:\.{1,2}(?:$|[/\\])|\/|[A-Za-z]:[/\\])/.test(target)) {
    throw goModError(
      text,
      start,
      'replacement module without version must be directory path (rooted or starting with . or ..)',
    );
  }
  const by = isDirectory ? undefined : readVersion(text, { words: after, start });
  to.set(path, [...(to.get(path) ?? []), { version, by }]);
}

function readVersion(text: string, { words, start }: GoModLine): RequiredVersion {
  const [path, query] = words.map((word) => readString(word));
  if (path === undefined || query === undefined || query === '') {
    throw goModError(text, start, `invalid quoted string in ${words.join(' ')}`);
  }
  try {
    return { module: parseModulePath(path), query };
  } catch (error) {
    throw goModError(text, start, errorMessage(error));
  }
}
