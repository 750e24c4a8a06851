/**
 * One version compared with the repository that a vanity map names for it, the target: is it what was served (or is
 * stored) so far?
 *
 *     same          same commit, same content
 *     moved-commit  same content in another commit: clients see no difference, go.sum holds
 *     different     other content: builds would break where go.sum is checked, and what is served stays the old one
 *     missing       the target has no such version
 *     unreachable   the target could not be asked
 *     extra         only the target has it
 *
 * If `.mod` or `.zip` of a version is not stored yet, it will be made from the recorded commit in the target, not from
 * the tag: that commit must be there, or the version counts as missing.
 */
import { errorMessage, isModhavenError, isNotExist, type ModhavenError } from '../errors.js';
import { goModHash } from '../module/files/dirhash.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import type { VersionStore } from '../store/version-store.js';
import { redactLine } from '../redact.js';
import { storedFiles, type Fingerprint, type Target } from './target.js';
import { checkInfo } from './check-parts.js';

export const VERDICTS = ['same', 'moved-commit', 'different', 'missing', 'unreachable', 'extra'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What is known of a version; each field only if it is. */
export interface KnownHashes {
  commit?: string;
  /** `h1:` hash of the zip. */
  zip?: string;
  /** `h1:` hash of go.mod. */
  mod?: string;
}

export interface FileDifference {
  /** In the module. */
  path: string;
  /** Seen from what is served now. */
  change: 'changed' | 'added' | 'removed';
}

export interface Comparison {
  module: string;
  /** Absent where a whole module could not be asked about. */
  version?: CanonicalVersion;
  verdict: Verdict;
  /** The repositories that the new map names. */
  home: string[];
  /** What the store holds of it; empty where nothing is stored. */
  stored: KnownHashes;
  /** What it is in the present repository, if it is not stored. */
  old?: KnownHashes;
  /** What it is in the target. */
  found?: KnownHashes & { repository: string };
  files?: FileDifference[];
  /** For people: why, and what to do. */
  cause?: string;
  remedy?: string;
}

/** What a version is compared with. */
export interface OldVersion extends KnownHashes {
  files(): Promise<Map<string, string>>;
  /** The stored `.info`. */
  info: Buffer | undefined;
}

/** What the store holds of a version. Throws STORAGE. */
export async function readStored(
  store: VersionStore,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<OldVersion> {
  const read = (kind: 'info' | 'mod' | 'ziphash') => store.read({ module, version, kind });
  const [info, mod, ziphash] = await Promise.all([read('info'), read('mod'), read('ziphash')]);
  const zip = (await store.size({ module, version, kind: 'zip' })) === undefined ? undefined : ziphash;
  const commit = info === undefined ? undefined : checkInfo(info, version, true).info?.Origin?.Hash;
  return {
    ...(commit === undefined ? {} : { commit }),
    ...(zip === undefined ? {} : { zip: zip.toString().trim() }),
    ...(mod === undefined ? {} : { mod: goModHash(mod) }),
    info,
    files: () => storedFiles(store, module, version),
  };
}

/** The plain facts of `version`. */
export function knownOf({
  commit,
  zip,
  mod,
}: { [K in keyof KnownHashes]: KnownHashes[K] | undefined }): KnownHashes {
  return {
    ...(commit === undefined ? {} : { commit }),
    ...(zip === undefined ? {} : { zip }),
    ...(mod === undefined ? {} : { mod }),
  };
}

/** Asks the target for a version and compares. Never throws for what a repository or its host does. */
export async function compareVersion(
  target: Target,
  module: ModulePath,
  version: CanonicalVersion,
  old: OldVersion,
): Promise<Pick<Comparison, 'verdict' | 'found' | 'files' | 'cause' | 'remedy'>> {
  const subject = `${module}@${version}`;
  try {
    const found = await target.fingerprint(module, version);
    const facts = { found: { repository: found.repository, ...knownOf(found) } };
    if (differs(old, found)) {
      const files = await fileDifferences(target, module, version, old, found);
      return { verdict: 'different', ...facts, ...files, ...explainDifference(old, found) };
    }
    if (found.commit === old.commit) return { verdict: 'same', ...facts };
    const lost = await missingRest(target, module, version, old, found);
    return lost === undefined ? { verdict: 'moved-commit', ...facts } : { ...lost, ...facts };
  } catch (error) {
    const verdict = isModhavenError(error, 'MODULE_INVALID')
      ? 'different'
      : isNotExist(error)
        ? 'missing'
        : 'unreachable';
    return { verdict, ...explainFailure(error, subject) };
  }
}

/** Cause and remedy of a failure, without the subject, which is shown beside them. */
export function explainFailure(error: unknown, subject: string): Pick<Comparison, 'cause' | 'remedy'> {
  if (!isModhavenError(error)) return { cause: redactLine(errorMessage(error), 400) };
  const what = error.message.replace(/^(?:not found|gone|invalid): /, '').replace(`${subject}: `, '');
  const cause = redactLine([what, error.reason].filter((part) => part !== undefined).join('; '), 600);
  return { cause, ...(error.remedy === undefined ? {} : { remedy: redactLine(error.remedy, 600) }) };
}

function differs(old: KnownHashes, found: Fingerprint): boolean {
  return (old.zip !== undefined && old.zip !== found.zip) || (old.mod !== undefined && old.mod !== found.mod);
}

function explainDifference(old: KnownHashes, found: Fingerprint): Pick<Comparison, 'cause'> {
  if (old.zip !== undefined && found.zip === undefined) {
    return { cause: redactLine(found.zipProblem ?? 'it has no zip', 400) };
  }
  const parts: string[] = [];
  if (old.zip !== undefined && old.zip !== found.zip) {
    parts.push(`zip ${old.zip} is ${found.zip ?? ''} there`);
  }
  if (old.mod !== undefined && old.mod !== found.mod) parts.push(`go.mod ${old.mod} is ${found.mod} there`);
  return { cause: parts.join('; ') };
}

async function fileDifferences(
  target: Target,
  module: ModulePath,
  version: CanonicalVersion,
  old: OldVersion,
  found: Fingerprint,
): Promise<Pick<Comparison, 'files'>> {
  if (old.zip === undefined || found.zip === undefined || old.zip === found.zip) return {};
  // That they differ is known; which files is a help that may fail, for instance over a damaged zip.
  const both = await Promise.all([old.files(), target.files(module, version)]).catch(() => undefined);
  if (both === undefined) return {};
  const [before, after] = both;
  const files: FileDifference[] = [];
  for (const [path, sha256] of before) {
    const now = after.get(path);
    if (now !== sha256) files.push({ path, change: now === undefined ? 'removed' : 'changed' });
  }
  for (const path of after.keys()) if (!before.has(path)) files.push({ path, change: 'added' });
  return { files };
}

/** What is wrong with a version whose commit is another there, and which is not wholly known here. */
async function missingRest(
  target: Target,
  module: ModulePath,
  version: CanonicalVersion,
  old: OldVersion,
  found: Fingerprint,
): Promise<Pick<Comparison, 'verdict' | 'cause' | 'remedy'> | undefined> {
  if (old.info === undefined || (old.zip !== undefined && old.mod !== undefined)) return undefined;
  const missing = old.zip === undefined ? '.zip' : '.mod';
  const remedy = `fetch it before the move, while the old repository has it: go mod download ${module}@${version}`;
  try {
    const pinned = await target.fingerprint(module, version, old.info);
    if (pinned.zip === found.zip && pinned.mod === found.mod) return undefined;
    const cause = `its tag is on commit ${short(found.commit)}, whose content is not that of ${short(old.commit)}, which was served`;
    return { verdict: 'different', cause };
  } catch (error) {
    if (!isNotExist(error)) throw error;
    return { verdict: 'missing', ...lostCommit(error, missing, old.commit), remedy };
  }
}

function lostCommit(
  error: ModhavenError,
  missing: string,
  commit: string | undefined,
): Pick<Comparison, 'cause'> {
  const why = error.code === 'VERSION_GONE' ? 'which is not there' : 'which cannot be read there';
  return {
    cause: `its ${missing} is not in the cache yet and would be made of commit ${short(commit)}, ${why}`,
  };
}

function short(commit: string | undefined): string {
  return (commit ?? 'unknown').slice(0, 12);
}
