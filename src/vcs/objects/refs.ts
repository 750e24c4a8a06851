/**
 * The refs of a repository as `git ls-remote` lists them, and the sum over its tags that the go command records.
 *
 * Rules of `cmd/go/internal/modfetch/codehost/git.go` (loadRefs, Tags): only HEAD, branches and tags exist, so that a
 * change under review (`refs/changes/*`, `refs/pull/*`) can never pass for a version; an annotated tag stands for the
 * commit it points at.
 */
import { createHash } from 'node:crypto';
import { isPseudoVersion } from '../../module/pseudo-version.js';
import * as semver from '../../module/semver.js';
import type { Origin } from '../../module/origin.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { parseRefName, type RefName } from '../names/ref-name.js';

/** Ref name (`HEAD`, `refs/heads/main`, `refs/tags/v1.0.0`) → commit hash, tags peeled. */
export type Refs = ReadonlyMap<RefName, ObjectHash>;

export interface Tag {
  name: string;
  hash: ObjectHash;
}

/** What a host lists. */
export interface RefListing {
  refs: Refs;
  /** The branch that HEAD means; undefined where it is a commit, or there is none. */
  defaultBranch: string | undefined;
}

/** What a host listed, and when. */
export interface Listing extends RefListing {
  /** See `monotonicNow`. */
  askedAt: number;
}

/** Whether two answers of a host say the same. */
export function isSameListing(a: Listing, b: Listing): boolean {
  if (a.defaultBranch !== b.defaultBranch || a.refs.size !== b.refs.size) return false;
  for (const [name, hash] of a.refs) if (b.refs.get(name) !== hash) return false;
  return true;
}

/** `name`, as a host lists it, if it is that of a ref that exists for us. */
export function listedRef(name: string): RefName | undefined {
  const isOurs = name === 'HEAD' || name.startsWith('refs/heads/') || name.startsWith('refs/tags/');
  return isOurs ? parseRefName(name) : undefined;
}

/** Parses the output of `git ls-remote`; what is not a ref that git would let a repository have is left out. */
export function parseRefs(output: string): Refs {
  const refs = new Map<RefName, ObjectHash>();
  const peeled = new Map<RefName, ObjectHash>();
  for (const line of output.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0 || line.startsWith('ref: ')) continue;
    const hash = line.slice(0, tab);
    const isPeeled = line.endsWith('^{}');
    const name = listedRef(line.slice(tab + 1, isPeeled ? -3 : undefined));
    if (name === undefined || !isHash(hash)) continue;
    (isPeeled ? peeled : refs).set(name, hash);
  }
  for (const [name, hash] of peeled) refs.set(name, hash);
  return refs;
}

/** The branch that HEAD means, from `git ls-remote --symref`; undefined for a detached HEAD or an empty repository. */
export function parseDefaultBranch(output: string): string | undefined {
  return /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(output)?.[1];
}

/** All tags of a listing, sorted by name: several callers want them, and there may be a hundred thousand. */
const sortedTags = new WeakMap<Refs, readonly Tag[]>();

/** Tags that begin with `prefix`, sorted by name. */
export function tagsOf(refs: Refs, prefix: string): readonly Tag[] {
  let all = sortedTags.get(refs);
  if (all === undefined) sortedTags.set(refs, (all = allTags(refs)));
  return prefix === '' ? all : all.filter(({ name }) => name.startsWith(prefix));
}

/** Which tags are on which commits of a listing. */
interface NamesByCommit {
  /** Of the commits that were asked for first: to look through the list for each of them is quicker. */
  asked: Map<ObjectHash, readonly string[]>;
  /** Of all commits, once several were asked for. */
  all: ReadonlyMap<ObjectHash, readonly string[]> | undefined;
}

/** Commits whose tags are looked for one by one: a query asks for the same one several times. */
const LOOKED_FOR = 2;

const namesByCommit = new WeakMap<Refs, NamesByCommit>();

/** The names of the tags on `commit`, in their order. */
export function tagsOn(refs: Refs, commit: ObjectHash): readonly string[] {
  let known = namesByCommit.get(refs);
  if (known === undefined) namesByCommit.set(refs, (known = { asked: new Map(), all: undefined }));
  const names = known.asked.get(commit);
  if (names !== undefined) return names;
  if (known.asked.size === LOOKED_FOR) {
    known.all ??= allNames(refs);
    return known.all.get(commit) ?? [];
  }
  const found = tagsOf(refs, '')
    .filter(({ hash }) => hash === commit)
    .map(({ name }) => name);
  known.asked.set(commit, found);
  return found;
}

function allNames(refs: Refs): ReadonlyMap<ObjectHash, readonly string[]> {
  const names = new Map<ObjectHash, string[]>();
  for (const { name, hash } of tagsOf(refs, '')) {
    const known = names.get(hash);
    if (known === undefined) names.set(hash, [name]);
    else known.push(name);
  }
  return names;
}

function allTags(refs: Refs): Tag[] {
  const tags: Tag[] = [];
  let isSorted = true; // as git lists them
  for (const [ref, hash] of refs) {
    if (!ref.startsWith(TAGS)) continue;
    const name = ref.slice(TAGS.length);
    isSorted &&= (tags.at(-1)?.name ?? '') < name;
    tags.push({ name, hash });
  }
  return isSorted ? tags : tags.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const TAGS = 'refs/tags/';

/** The Origin of a list of tags: it stays valid as long as the versions among them and their commits do. */
export function tagsOrigin(url: string, prefix: string, tags: readonly Tag[]): Origin {
  const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const sum = createHash('sha256');
  let lines = '';
  for (const tag of tags) {
    const name = tag.name.startsWith(directory) ? tag.name.slice(directory.length) : tag.name;
    if (isVersionTag(name)) lines += `${JSON.stringify(tag.name)} ${tag.hash}\n`;
    if (lines.length < SUMMED_AT_ONCE) continue;
    sum.update(lines);
    lines = '';
  }
  sum.update(lines);
  const origin: Origin = { VCS: 'git', URL: url };
  if (prefix !== '') origin.TagPrefix = prefix;
  return { ...origin, TagSum: `t1:${sum.digest('base64')}` };
}

/** Characters that are summed in one step: a step for each of ten thousand tags takes longer than the sum. */
const SUMMED_AT_ONCE = 32 * 1024;

/** A short text that changes whenever any ref does. */
export function refsFingerprint(refs: Refs): string {
  const sum = createHash('sha256');
  const lines = [...refs.keys()].sort().map((name) => `${name} ${refs.get(name) ?? ''}\n`);
  return sum.update(lines.join('')).digest('hex');
}

/** Whether a tag counts for versions: also `v1.2.3+anything`, which can be the base of a pseudo-version. */
function isVersionTag(name: string): boolean {
  const canonical = semver.canonical(name);
  return canonical !== '' && name.startsWith(canonical) && !isPseudoVersion(name);
}
