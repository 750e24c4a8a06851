/**
 * From vanity.yaml to a map. Every problem of the file is found and reported with its line and column, so that one
 * look at the log is enough; any problem at all means that the file is not used.
 */
import { dirname, resolve } from 'node:path';
import { emptiedFile } from '../yaml/empty-file.js';
import { explain, isDataMap, problemsError, type DataPath, type Problem } from '../yaml/problems.js';
import { readConfigText } from '../yaml/read-text.js';
import { nearestKey, parseWithSchema, readWithSchema, unknownKey } from '../yaml/with-schema.js';
import { parseYaml, type YamlSource } from '../yaml/yaml-source.js';
import type { ModhavenError } from '../errors.js';
import { KnownRules } from './known-rules.js';
import { compileRule, type VanityRule } from './rule.js';
import { FOREIGN_VCS, RuleEntry, VanityFile } from './schema.js';
import { createRuleIndex, createVanityMap } from './vanity-map.js';
import type { RuleIndex, VanityMap } from './vanity-map.js';

export interface VanityFileOptions {
  /** The host of keys that begin with `/` if the file names none; may be empty. */
  defaultHost: string;
  /** Whether rules are in use that this file would take away: then one without any has to say `paths: {}`. Default: no. */
  hasRules?: boolean;
  /** The option of the command line that names the file, where it is not the one of modhaven.yaml. */
  namedBy?: '--vanity' | '--against' | undefined;
  /** What the file said before: rules that are as they were are not read anew. */
  before?: VanityMap | undefined;
}

/** Keys of the file that are not rules. */
const OWN_KEYS = ['host', 'cache_max_age', 'paths'];

/** `{name}` after a slash or in a word is text, also inside `{ … }`. */
const PLACEHOLDERS = /(?<=[/\w.~-])\{\w+(?:\.\.\.)?\}/g;

/** Reads `file`. Throws CONFIG: `FILE:LINE:COL: sentence`, one problem a line. */
export function loadVanity(file: string, options: VanityFileOptions): VanityMap {
  const text = readConfigText(file, {
    what: 'the vanity file',
    remedy:
      options.namedBy === undefined
        ? 'Check the key vanity in modhaven.yaml and the permissions of the file; "modhaven init" writes both files.'
        : `Check the path given with ${options.namedBy} and the permissions of the file.`,
  });
  return parseVanity(text, file, options);
}

/** `loadVanity` of a text that is already there; relative paths in it begin at the folder of `file`. */
export function parseVanity(text: string, file: string, options: VanityFileOptions): VanityMap {
  const source = parseYaml(text, file, PLACEHOLDERS);
  if (source.data === undefined) throw emptyFile(file);
  checkTopLevel(source);
  const { content, problems } = readContent(source);
  const { host: written, cache_max_age, paths, ...topLevel } = content;
  const host = (written ?? usableHost(options.defaultHost)).toLowerCase();
  if (written !== undefined) problems.push(...checkHost(source, host));
  const warnings: Problem[] = [];
  const index = createRuleIndex();
  const known = new KnownRules(options.before, host, dirname(resolve(file)));
  // A bad host is one problem, not one a rule.
  const keyHost = problems.length > 0 ? 'host.invalid' : host;
  const groups: [DataPath, Record<string, string | RuleEntry>][] = [
    [[], topLevel],
    [['paths'], paths],
  ];
  for (const [path, rules] of groups) {
    for (const [key, value] of Object.entries(rules)) {
      const rule = known.find(key, value);
      const at = { source, index, host: keyHost, path: [...path, key], key };
      if (rule !== undefined && addAgain(at, rule)) continue;
      const found = addRule({ ...at, value });
      problems.push(...found.problems);
      warnings.push(...found.warnings);
    }
  }
  if (problems.length > 0) throw problemsError(file, problems);
  if (options.hasRules === true && index.rules.length === 0 && !saysNone(source.data)) throw emptyFile(file);

  const [first] = index.rules.filter(({ key }) => key.startsWith('/'));
  if (first && !host.includes('.')) {
    const at = written === undefined ? first : source.locate(['host'], 'value');
    const whose = written === undefined ? 'the host of public_url' : 'the vanity host';
    const message = `${whose}, ${JSON.stringify(host)}, has no dot, and go takes no such import paths; set host to a full name`;
    warnings.push({ line: at.line, column: at.column, message });
  }
  return createVanityMap(
    { file, warnings, host, hostless: written === undefined, cacheMaxAge: cache_max_age },
    index,
  );
}

/**
 * What the schema makes of the file, and what it finds wrong. A value that is wrong is left out of the content, so that the
 * mistakes of all other rules are found in the same look.
 */
function readContent(source: YamlSource): { content: VanityFile; problems: Problem[] } {
  const read = readWithSchema(VanityFile, source, source.data);
  if ('value' in read) return { content: read.value, problems: [] };
  const wrong = new Map(read.problems.map(({ path }) => [JSON.stringify(ruleOf(path)), ruleOf(path)]));
  const rest = [...wrong.values()].reduce(without, source.data);
  // A key that is nearly known is the reason why a known one is missing.
  const misspelt = [...wrong.values()].flatMap((path) => {
    const entry = valueAt(source.data, path);
    return isDataMap(entry)
      ? unknownKeys(entry, source, path).problems.map((problem) => ({ problem, path }))
      : [];
  });
  const isExplained = (path: DataPath) =>
    misspelt.some((other) => JSON.stringify(other.path) === JSON.stringify(ruleOf(path)));
  const others = read.problems.filter(({ path }) => !(path.at(-1) === 'repo' && isExplained(path)));
  return {
    content: parseWithSchema(VanityFile, source, rest),
    problems: [...others, ...misspelt.map(({ problem }) => problem)],
  };
}

/** The place of the rule, or of the other value of the file, that `path` is in. */
function ruleOf(path: DataPath): DataPath {
  return path.slice(0, path[0] === 'paths' ? 2 : 1);
}

function valueAt(data: unknown, [first, ...rest]: DataPath): unknown {
  if (first === undefined) return data;
  return isDataMap(data) ? valueAt(data[String(first)], rest) : undefined;
}

/** `data` without the value at `path`. */
function without(data: unknown, [first = '', ...rest]: DataPath): unknown {
  if (!isDataMap(data)) return data;
  const { [String(first)]: value, ...others } = data;
  return rest.length === 0 ? others : { ...others, [String(first)]: without(value, rest) };
}

/** Editors empty a file before they write it: that must not take all rules away. */
function emptyFile(file: string): ModhavenError {
  return emptiedFile(file, 'no rules', 'paths: {}');
}

/** Whether an empty map is written, as opposed to a file of which only the first lines are there so far. */
function saysNone(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'paths' in data && data.paths !== null;
}

interface PlaceInFile {
  source: YamlSource;
  index: RuleIndex;
  host: string;
  path: DataPath;
  key: string;
}

interface RuleInFile extends PlaceInFile {
  value: string | RuleEntry;
}

/** Adds a rule that is as it was, perhaps in another place; false where another one stands for the same paths. */
function addAgain({ source, index, path }: PlaceInFile, rule: VanityRule): boolean {
  return index.add({ ...rule, ...source.locate(path, 'key') }) === undefined;
}

function addRule({ source, index, host, path, key, value }: RuleInFile): {
  problems: Problem[];
  warnings: Problem[];
} {
  const at = source.locate(path, 'key');
  const entry: RuleEntry = typeof value === 'string' ? { repo: value } : value;
  const repos = typeof entry.repo === 'string' ? [entry.repo] : entry.repo;
  function locatePart(part: 'key' | 'repo' | 'subdir' | 'vcs', i: number) {
    if (part === 'key') return at;
    if (typeof value === 'string') return source.locate(path, 'value');
    return source.locate(
      part === 'repo' && Array.isArray(value.repo) ? [...path, part, i] : [...path, part],
      'value',
    );
  }

  const { problems, warnings } = unknownKeys(entry, source, path);
  const { subdir, display, vcs: writtenVcs = 'git' } = entry;
  const foreign = FOREIGN_VCS.find((name) => name === writtenVcs);
  if (foreign !== undefined) {
    const message = `${JSON.stringify(foreign)}: only git is fetched here: pages are served for go in direct mode, and this proxy answers 404`;
    warnings.push({ ...locatePart('vcs', 0), message });
  } else if (writtenVcs !== 'git') {
    const message = `unsupported vcs ${JSON.stringify(writtenVcs)}; write git, hg, svn, bzr or fossil`;
    problems.push({ ...locatePart('vcs', 0), message });
  }
  const baseDir = dirname(resolve(source.file));
  const compiled = compileRule({ key, ...at, host, repos, vcs: foreign ?? 'git', subdir, display, baseDir });
  if ('faults' in compiled) {
    for (const { part, index: i, error } of compiled.faults) {
      problems.push({ ...locatePart(part, i), message: explain(error) });
    }
    return { problems, warnings };
  }
  const twin = index.add(compiled.rule);
  if (twin) {
    const message = `two rules for one path: ${JSON.stringify(key)} and ${JSON.stringify(twin.key)} on line ${twin.line} both stand for ${twin.prefix}`;
    problems.push({ ...at, message });
  }
  warnings.push(...compiled.warnings.map((message) => ({ ...locatePart('repo', 0), message })));
  return { problems, warnings };
}

/** govanityurls ignores keys it does not know. One that is nearly a known one is a mistake all the same. */
function unknownKeys(
  entry: object,
  source: YamlSource,
  path: DataPath,
): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const known = Object.keys(RuleEntry.shape);
  for (const key of Object.keys(entry)) {
    if (known.includes(key)) continue;
    const at = source.locate([...path, key], 'key');
    const near = nearestKey(key, known, 3);
    if (near !== undefined) {
      problems.push({ ...at, message: unknownKey(key, [near]) });
    } else {
      warnings.push({
        ...at,
        message: `the key ${JSON.stringify(key)} of a rule is not known and has no effect`,
      });
    }
  }
  return { problems, warnings };
}

/** At the top level a rule is told from a misspelt key by its slash or dot. */
function checkTopLevel(source: YamlSource): void {
  const { data } = source;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return;
  const unknown = Object.keys(data).filter((key) => !OWN_KEYS.includes(key) && !/[/.]/.test(key));
  if (unknown.length === 0) return;
  throw problemsError(
    source.file,
    unknown.map((key) => ({ ...source.locate([key], 'key'), message: unknownKey(key, OWN_KEYS) })),
  );
}

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/** An IPv6 address cannot stand in an import path; pages answer for any host all the same. */
function usableHost(defaultHost: string): string {
  return defaultHost === '' || HOST_NAME.test(defaultHost) ? defaultHost : 'localhost';
}

function checkHost(source: YamlSource, host: string): Problem[] {
  if (HOST_NAME.test(host)) return [];
  const message = `"host" must be a host name such as mycompany.com, without scheme, port and path: import paths begin with it`;
  return [{ ...source.locate(['host'], 'value'), message }];
}
