/**
 * Which rule a module path or import path falls under.
 *
 * A rule is a prefix by whole elements. Of several that match, the one with more elements wins; of equally long ones,
 * the one that has a literal element where the other has a `{name}`, leftmost first. A rule that ends in `{name...}`
 * gives way to any that has a literal or a `{name}` in its place, and goes before shorter ones. The rules form a trie
 * by element, walked one level at a time with all nodes that still match, best first: so the first rule of the deepest
 * level is the answer, and 10,000 rules cost no more than ten.
 */
import type { Problem } from '../yaml/problems.js';
import { canCapture, isPlaceholder, isRest } from './rule-key.js';
import { applyRule } from './rule.js';
import type { RepoRoot, VanityRule } from './rule.js';

/** The content of one vanity.yaml. Never changes; a new file makes a new map. */
export interface VanityMap {
  /** As the user named it. */
  readonly file: string;
  /** In the order of the file. */
  readonly rules: readonly VanityRule[];
  /** What was understood but should be changed. */
  readonly warnings: readonly Problem[];
  /** The host of keys that begin with `/`, in lower case. */
  readonly host: string;
  /** Whether the file names no host: pages answer for any. */
  readonly hostless: boolean;
  /** Hosts of which everything is private. */
  readonly hosts: ReadonlySet<string>;
  /** Seconds. */
  readonly cacheMaxAge: number;
  /**
   * Where `path` (a module path, or an import path below one) lives; undefined if no rule matches. Of a rule that ends
   * in `{name...}` the longest candidate.
   */
  resolve(path: string): RepoRoot | undefined;
  /** All places where `path` may live by the rule it falls under, longest first: more than one for `{name...}` only. */
  candidates(path: string): RepoRoot[];
  /** Whether `path` is ours: under a rule, or under a vanity host or a sub-domain of one. It is never asked for elsewhere. */
  covers(path: string): boolean;
}

interface TrieNode {
  rule: VanityRule | undefined;
  literals: Map<string, TrieNode>;
  placeholder: TrieNode | undefined;
  /** Of a `{name...}`; has no children. */
  rest: TrieNode | undefined;
}

/**
 * Hosts that everybody's public modules live on. A rule for a path there (a fork, a mirror) makes that path private, not
 * the host; on any other host it makes the host private, since names of internal modules must not leave.
 */
const PUBLIC_HOSTS: ReadonlySet<string> = new Set([
  'github.com',
  'gitlab.com',
  'bitbucket.org',
  'codeberg.org',
  'gitee.com',
  'git.sr.ht',
  'gopkg.in',
  'golang.org',
  'google.golang.org',
  'cloud.google.com',
  'go.uber.org',
  'k8s.io',
  'sigs.k8s.io',
]);

/** Whether everybody's public modules live on `host`. */
export function isPublicHost(host: string): boolean {
  return PUBLIC_HOSTS.has(host);
}

/** A map of `rules`, no two of which have the same shape (`createRuleIndex` finds those). */
export function createVanityMap(
  content: Omit<VanityMap, 'rules' | 'hosts' | 'resolve' | 'candidates' | 'covers'>,
  index: RuleIndex,
): VanityMap {
  const { rules } = index;
  const ruleHosts = rules.map(({ elements: [host = ''] }) => host);
  const hosts = new Set(
    [content.host, ...ruleHosts].filter((host) => host !== '' && !PUBLIC_HOSTS.has(host)),
  );
  // The git hosts behind the rules are ours as well: a developer who types their names by mistake means our code.
  const gitHosts = new Set(
    rules.flatMap(({ sources }) => sources.map(hostOfSource)).filter((host) => !PUBLIC_HOSTS.has(host)),
  );
  return {
    ...content,
    rules,
    hosts,
    resolve: (path) => index.candidates(path)[0],
    candidates: (path) => index.candidates(path),
    covers(path) {
      const [host = ''] = path.split('/', 1);
      return isBelow(host, hosts) || gitHosts.has(host) || index.candidates(path).length > 0;
    },
  };
}

/** Whether `host` is one of `hosts` or a sub-domain of one: internal hosts that are not written down have names there. */
function isBelow(host: string, hosts: ReadonlySet<string>): boolean {
  if (PUBLIC_HOSTS.has(host)) return hosts.has(host);
  for (let rest = host; rest !== ''; rest = rest.replace(/^[^.]*\.?/, '')) if (hosts.has(rest)) return true;
  return false;
}

/** The host name of an address as `VanityRule.sources` has it, without port; '' for a local path. */
function hostOfSource(source: string): string {
  return /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(source)?.[1]?.toLowerCase() ?? '';
}

/** Rules, found by path. */
export interface RuleIndex {
  readonly rules: readonly VanityRule[];
  /** Adds `rule`, unless there is one that stands for the same paths: that one is returned. */
  add(rule: VanityRule): VanityRule | undefined;
  /** See `VanityMap.candidates`. */
  candidates(path: string): RepoRoot[];
}

export function createRuleIndex(): RuleIndex {
  const rules: VanityRule[] = [];
  const root = emptyNode();
  return {
    rules,
    add(rule) {
      let node = root;
      for (const element of rule.elements) node = childFor(node, element);
      if (node.rule) return node.rule;
      node.rule = rule;
      rules.push(rule);
      return undefined;
    },
    candidates(path) {
      const elements = path.split('/');
      let level = [root];
      let best: VanityRule | undefined;
      for (const element of elements) {
        const rest = canCapture(element)
          ? level.find((node) => node.rest !== undefined)?.rest?.rule
          : undefined;
        best = rest ?? best;
        level = level.flatMap((node) => matchingChildren(node, element));
        if (level.length === 0) break;
        best = level.find(({ rule }) => rule !== undefined)?.rule ?? best;
      }
      return best === undefined ? [] : rootsOf(best, elements);
    },
  };
}

/** The places that `rule` means for the path made of `elements`, longest first. */
function rootsOf(rule: VanityRule, elements: readonly string[]): RepoRoot[] {
  const shortest = rule.elements.length;
  let longest = shortest;
  // A major version suffix is not a part of a repository's path, and what follows it is not either.
  if (rule.takesRest) while (longest < elements.length && canCapture(elements[longest] ?? '')) longest += 1;
  const roots: RepoRoot[] = [];
  for (let length = longest; length >= shortest; length -= 1) {
    const root = applyRule(rule, elements.slice(0, length));
    if (root !== undefined) roots.push(root);
  }
  return roots;
}

function childFor(node: TrieNode, element: string): TrieNode {
  if (isRest(element)) return (node.rest ??= emptyNode());
  if (isPlaceholder(element)) return (node.placeholder ??= emptyNode());
  const existing = node.literals.get(element);
  if (existing) return existing;
  const child = emptyNode();
  node.literals.set(element, child);
  return child;
}

/** The literal child before the `{name}`: the order in which rules of one length win. */
function matchingChildren(node: TrieNode, element: string): TrieNode[] {
  const literal = node.literals.get(element);
  const placeholder = node.placeholder && canCapture(element) ? node.placeholder : undefined;
  return [literal, placeholder].filter((child) => child !== undefined);
}

function emptyNode(): TrieNode {
  return { rule: undefined, literals: new Map(), placeholder: undefined, rest: undefined };
}
