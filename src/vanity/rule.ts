/**
 * One rule of vanity.yaml: a key that stands for import paths, and where their repository is.
 *
 * `{name}` takes one element that may stand in a module path (so neither `..` nor a slash) and never a major version
 * suffix: below `/go/{name}`, `mycompany.com/go/foo/v2` is version 2 of foo (Go Modules Reference, "Major version
 * suffixes"). It must not decide which host is asked: every client would choose where we connect to.
 */
import { ModhavenError } from '../errors.js';
import { parseRepoUrl } from '../module/repo-url.js';
import type { RepoUrl } from '../module/repo-url.js';
import { isPlaceholder, isRest, placeholderName, placeholderNames, readRuleKey } from './rule-key.js';
import type { ForeignVcs } from './schema.js';
import { checkDirectory, cleanDirectory } from '../module/subdir.js';

/** A rule, as the map holds it. */
export interface VanityRule {
  /** As written in the file. */
  key: string;
  /** The import path it stands for, with `{name}` in it if it is a pattern; the host in lower case. */
  prefix: string;
  /** The elements of `prefix`. */
  elements: readonly string[];
  /** Where the key stands in the file. */
  line: number;
  column: number;
  /** Whether the prefix holds a `{name}`. */
  isPattern: boolean;
  /** Whether it ends in a `{name...}`, so that only the host knows how long the path of the repository is. */
  takesRest: boolean;
  /** Addresses of the repositories for people: no secret, `{name}` in place. At least one; the first is in use. */
  sources: readonly string[];
  /** The repositories of a rule that is not a pattern; empty for a pattern. */
  repos: readonly RepoUrl[];
  /** Addresses as written. May hold a secret. */
  templates: readonly string[];
  /** Folder of vanity.yaml: relative local paths begin there. */
  baseDir: string;
  /** Directory of the module in the repository, cleaned; empty for the root. `{name}` in place. */
  subdir: string;
  /** The last three fields of the go-source tag. */
  display: string | undefined;
  /**
   * A repository of another kind than git: pages name it, nothing is fetched from it. `repos` and `templates` are empty then.
   * `address` is shown to everyone and holds no secret; `{name}` in place.
   */
  foreign: { vcs: ForeignVcs; address: string } | undefined;
}

/** Where a module path lives; Go's `vcs.RepoRoot`. */
export interface RepoRoot {
  /** The import path that stands for the root of the repository (or for `subdir` in it). */
  root: string;
  /** At least one, of which the first is in use; none if the repository is not git (`foreign`). */
  repos: readonly RepoUrl[];
  /** A repository of another kind than git. */
  foreign: VanityRule['foreign'];
  subdir: string;
  display: string | undefined;
  rule: VanityRule;
}

/** What a rule is made from. */
export interface RuleSource {
  key: string;
  line: number;
  column: number;
  /** The host of keys that begin with `/`; empty if there is none. */
  host: string;
  repos: readonly string[];
  vcs: 'git' | ForeignVcs;
  subdir: string | undefined;
  display: string | undefined;
  baseDir: string;
}

/** A CONFIG error about one part of a rule: the key itself, or the value of `repo` or `subdir`. */
export interface RuleFault {
  part: 'key' | 'repo' | 'subdir';
  /** Which of several repositories. */
  index: number;
  error: ModhavenError;
}

/** `{name}`, or `{name...}` as the key may write it. */
const PLACEHOLDER = /\{([^{}]*?)(?:\.\.\.)?\}/g;

/** The rule that `source` describes, or everything that is wrong with it. */
export function compileRule(
  source: RuleSource,
): { rule: VanityRule; warnings: string[] } | { faults: RuleFault[] } {
  const faults: RuleFault[] = [];
  function attempt<T>(part: RuleFault['part'], index: number, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ModhavenError)) throw error;
      faults.push({ part, index, error });
      return undefined;
    }
  }

  const prefix = attempt('key', 0, () => readRuleKey(source.key, source.host));
  const elements = prefix?.split('/') ?? [];
  const names = placeholderNames(elements);
  if (prefix === undefined) return { faults };
  const { vcs } = source;
  const foreign =
    vcs === 'git'
      ? undefined
      : attempt('repo', 0, () => ({ vcs, address: readForeign(source.repos, names) }));
  const written = vcs === 'git' ? source.repos : [];
  const repos = written.map((text, index) =>
    attempt('repo', index, () => readRepo(text, source.baseDir, names)),
  );
  const subdir = attempt('subdir', 0, () => readSubdir(source.subdir ?? '', names));
  if (faults.length > 0) return { faults };

  const read = repos.filter((repo) => repo !== undefined);
  const isPattern = names.length > 0;
  const takesRest = isRest(elements.at(-1) ?? '');
  const { key, line, column, baseDir, display } = source;
  const rule: VanityRule = {
    key,
    prefix,
    elements,
    line,
    column,
    isPattern,
    takesRest,
    baseDir,
    display,
    foreign,
    sources: foreign === undefined ? read.map(({ shown }) => shown) : [foreign.address],
    repos: isPattern ? [] : read.map(({ sample }) => sample),
    templates: written,
    subdir: subdir ?? '',
  };
  return { rule, warnings: read.map(({ warning }) => warning ?? '').filter((warning) => warning !== '') };
}

/**
 * What `rule` says about the path whose first elements are `elements`: as many as the rule has, or more if it takes
 * the rest.
 * Undefined if what `{name}` stands for makes no address (such as a dash at its beginning).
 */
export function applyRule(rule: VanityRule, elements: readonly string[]): RepoRoot | undefined {
  const { subdir, display } = rule;
  const { foreign } = rule;
  if (!rule.isPattern) return { root: rule.prefix, repos: rule.repos, foreign, subdir, display, rule };
  const values = new Map(
    rule.elements.flatMap((element, i) => {
      if (!isPlaceholder(element)) return [];
      return [
        [placeholderName(element), isRest(element) ? elements.slice(i).join('/') : (elements[i] ?? '')],
      ];
    }),
  );
  try {
    return {
      root: elements.join('/'),
      repos: rule.templates.map((template) => parseRepoUrl(fillAddress(template, values), rule.baseDir)),
      foreign: foreign && { ...foreign, address: fill(foreign.address, values) },
      subdir: fill(subdir, values),
      display: display === undefined ? undefined : fill(display, values),
      rule,
    };
  } catch (error) {
    if (error instanceof ModhavenError) return undefined;
    throw error;
  }
}

interface ReadRepo {
  sample: RepoUrl;
  shown: string;
  warning: string | undefined;
}

function readRepo(text: string, baseDir: string, names: readonly string[]): ReadRepo {
  checkNames(`bad repository address ${quote(text)}`, text, names);
  if (names.length === 0) {
    const sample = parseRepoUrl(text, baseDir);
    return { sample, shown: sample.url, warning: sample.warning };
  }
  // Two sets of values show what depends on them, in every spelling of an address.
  const [one, two] = ['modhavenone', 'modhaventwo'].map((word) => {
    const values = new Map(names.map((name, i) => [name, `${word}${i}`]));
    function restore(filled: string): string {
      return [...values].reduce((result, [name, value]) => result.replaceAll(value, `{${name}}`), filled);
    }
    try {
      const repo = parseRepoUrl(fill(text, values), baseDir);
      const { url, warning, scheme, host, port, user, credentials } = repo;
      const shown = restore(url);
      const reached = JSON.stringify([scheme, host, port, user, credentials]);
      return { sample: repo, shown, warning: warning === undefined ? undefined : restore(warning), reached };
    } catch (error) {
      if (!(error instanceof ModhavenError)) throw error;
      const { message, reason, remedy } = error;
      throw new ModhavenError('CONFIG', restore(message), {
        reason: reason && restore(reason),
        remedy,
        cause: error,
      });
    }
  });
  if (one === undefined || one.reached !== two?.reached) {
    const reason = 'a {name} may stand in the path only, not in host, port or user';
    fail(`bad repository address ${quote(text)}`, reason);
  }
  return one;
}

/** The address of a repository that is not git, without a login. go reads it; here it is only shown. */
function readForeign(texts: readonly string[], names: readonly string[]): string {
  const [text = '', ...more] = texts;
  checkNames(`bad repository address ${quote(text)}`, text, names);
  if (more.length > 0) {
    fail(`bad repository address ${quote(text)}`, 'only git repositories may be a list', 'keep one of them');
  }
  if (!/^[A-Za-z][\w+.-]*:\/\/[^\s\p{Cc}]+$/u.test(text)) {
    fail(
      `bad repository address ${quote(text)}`,
      'it is not a URL',
      'write its scheme, two slashes, host and path',
    );
  }
  return text.replace(/^(https?:\/\/)[^/@]*@/i, '$1').replace(/^([\w+.-]+:\/\/[^/:@]*):[^/@]*@/, '$1@');
}

function readSubdir(text: string, names: readonly string[]): string {
  checkNames(`bad subdir ${quote(text)}`, text, names);
  const reason = checkDirectory(text.replace(PLACEHOLDER, 'name'));
  if (reason !== undefined) {
    fail(`bad subdir ${quote(text)}`, reason, 'write a directory relative to the root of the repository');
  }
  return cleanDirectory(text);
}

function checkNames(subject: string, text: string, names: readonly string[]): void {
  const unknown = [...text.matchAll(PLACEHOLDER)].find(([, name = '']) => !names.includes(name));
  if (!unknown) return;
  const remedy = names.length > 0 ? `the key has ${names.map((name) => `{${name}}`).join(', ')}` : undefined;
  fail(subject, `${unknown[0]} does not stand in the key`, remedy);
}

/** A module path may end in `.git` as its repository does: `{path}.git` adds it to other paths only. */
function fillAddress(template: string, values: ReadonlyMap<string, string>): string {
  const filled = fill(template, values);
  return template.endsWith('}.git') ? filled.replace(/(?:\.git)+$/, '.git') : filled;
}

/** `{dir}`, `{file}` and other words that are not a captured name stay: go-source has its own. */
function fill(template: string, values: ReadonlyMap<string, string>): string {
  return template.replace(PLACEHOLDER, (match, name: string) => values.get(name) ?? match);
}

function fail(message: string, reason: string | undefined, remedy?: string): never {
  throw new ModhavenError('CONFIG', message, { reason, remedy });
}

function quote(text: string): string {
  return JSON.stringify(text.replace(/^([\w+.-]+:\/\/).*@/, '$1***@'));
}
