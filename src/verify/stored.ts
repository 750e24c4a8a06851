/**
 * Whether what is stored of a version is what was stored once: each part is judged by the others, and where a git mirror
 * still has the commit, go.mod by that.
 *
 *     info      names its version and a commit; there before any other part, because it decides which commit they show
 *     ziphash   there before the zip, and the hash of what the zip holds
 *     mod       the raw go.mod of the commit; else the one in the zip, which differs in line ends at most; else readable
 *
 * A version of which something was never asked for is in order: the rest will be made of the commit in `info`. Public
 * modules that were passed through have no commit of ours and their parts come one by one, so the zip and its hash, and
 * what each file says by itself, are all there is to judge.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { z } from 'zod';
import { errorMessage, isModhavenError } from '../errors.js';
import { parseGoMod, synthesizeGoMod } from '../module/go-mod.js';
import { splitPathVersion, type ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { decodeInfo, type Info } from '../module/info.js';
import type { PartKind, VersionReader, VersionStore } from '../store/version-store.js';
import { redactLine } from '../redact.js';
import type { Origin } from '../module/origin.js';
import type { ZipContent } from '../zip/check.js';
import { readZipFiles } from '../zip/reader.js';

/** One part of a version that is not what it should be. */
export interface StoredFault {
  part: PartKind;
  problem: string;
}

export interface StoredVersion {
  module: ModulePath;
  version: string;
  /** What is there of it. */
  parts: PartKind[];
  /** Empty if all is well. */
  faults: StoredFault[];
}

/** Files of a commit from what is on this machine; undefined if the commit is not. */
export type FilesAtHand = (
  module: ModulePath,
  origin: Origin,
  paths: string[],
) => Promise<(Buffer | undefined)[] | undefined>;

export interface CheckOptions {
  /** Whether the module is one of the vanity map's. */
  isPrivate: boolean;
  filesAtHand: FilesAtHand;
}

/** What is looked at of an `.info`. */
const Facts = z.looseObject({
  Version: z.string(),
  Time: z.string().optional(),
  Origin: z.looseObject({ URL: z.string().optional(), Hash: z.string().optional() }).optional(),
});

const KINDS: readonly PartKind[] = ['info', 'mod', 'zip', 'ziphash'];

/** All versions of `module` of which anything is stored, oldest first. */
export async function storedVersions(store: VersionReader, module: ModulePath): Promise<string[]> {
  const lists = await Promise.all(KINDS.map((kind) => store.versions(module, kind)));
  return semver.sortVersions([...new Set(lists.flat())]);
}

/** Checks one version. What cannot be read is a fault like any other. */
export async function checkStored(
  store: VersionStore,
  module: ModulePath,
  version: string,
  { isPrivate, filesAtHand }: CheckOptions,
): Promise<StoredVersion> {
  const faults: StoredFault[] = [];
  const fault = (part: PartKind, problem: string) => faults.push({ part, problem: redactLine(problem, 400) });

  async function attempt<T>(part: PartKind, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      fault(part, isModhavenError(error) ? (error.reason ?? error.message) : errorMessage(error));
      return undefined;
    }
  }

  const sizes = await Promise.all(
    KINDS.map((kind) => attempt(kind, () => store.size({ module, version, kind }))),
  );
  const parts = KINDS.filter((_, index) => sizes[index] !== undefined);
  const has = (kind: PartKind) => parts.includes(kind);
  const read = (kind: PartKind) => attempt(kind, () => store.read({ module, version, kind }));

  const infoBytes = await read('info');
  let origin: Origin | undefined;
  if (infoBytes !== undefined) {
    const { info, problem } = judgeInfo(infoBytes, version, isPrivate, KINDS.every(has));
    if (problem !== undefined) fault('info', problem);
    origin = info?.Origin;
  } else if (isPrivate && !has('info')) {
    fault('info', 'is missing: nothing says which commit the other files show');
  }

  let zip: ZipContent | undefined;
  if (has('zip')) {
    const recorded = await read('ziphash');
    zip = await attempt('zip', () => readZipFiles(store, { module, version, kind: 'zip' }));
    if (recorded === undefined && !has('ziphash'))
      fault('ziphash', `is missing${zip === undefined ? '' : `; the zip is ${zip.hash}`}`);
    else if (recorded !== undefined && zip !== undefined && recorded.toString().trim() !== zip.hash)
      fault('zip', `is ${zip.hash}, recorded is ${recorded.toString().trim()}`);
  }

  const mod = await read('mod');
  if (mod !== undefined) {
    const problem = await judgeMod(mod);
    if (problem !== undefined) fault('mod', problem);
  }
  return { module, version, parts, faults };

  async function judgeMod(mod: Buffer): Promise<string | undefined> {
    if (!isPrivate) return parseProblem(mod);
    if (origin !== undefined) {
      const files = await filesAtHand(module, origin, goModPlaces(module, origin.Subdir ?? ''));
      const found = files?.filter((file) => file !== undefined) ?? [];
      if (found.some((file) => file.equals(mod))) return undefined;
      if (found.length > 0) return `is not the go.mod of commit ${(origin.Hash ?? '').slice(0, 12)}`;
    }
    if (zip === undefined) return parseProblem(mod);
    return zippedModProblem(mod, zip, module, version);
  }
}

/** What is wrong with `mod` as the go.mod file of a zip: it is the one in the zip, but for line ends, or stands for none. */
export function zippedModProblem(
  mod: Buffer,
  zip: ZipContent,
  module: ModulePath,
  version: string,
): string | undefined {
  const inZip = zip.files.find(({ name }) => name === `${module}@${version}/go.mod`);
  if (inZip === undefined)
    return mod.equals(synthesizeGoMod(module)) ? undefined : 'is not what stands for a missing go.mod';
  const text = mod.toString('latin1').replaceAll('\r\n', '\n');
  const forms = [mod, Buffer.from(text, 'latin1'), Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')];
  const isSame = forms.some((form) => createHash('sha256').update(form).digest('hex') === inZip.sha256);
  return isSame ? undefined : 'is not the go.mod in the zip';
}

/**
 * What an `.info` says, and what is wrong with it; with `needsCommit`, also that it names none. That of a version which
 * is whole may be silent about its origin: it was imported, and nothing is to be made of a commit any more.
 */
export function judgeInfo(
  bytes: Buffer,
  version: string,
  needsCommit: boolean,
  isWhole = false,
): { info?: Info; problem?: string } {
  let info: unknown;
  try {
    info = decodeInfo(bytes);
  } catch (error) {
    return { problem: `is no JSON: ${errorMessage(error)}` };
  }
  const facts = Facts.safeParse(info);
  if (!facts.success) return { problem: 'is not what an .info is' };
  const { Version, Time = '', Origin } = facts.data;
  if (Version !== version) return { problem: `is about version ${JSON.stringify(Version)}` };
  if (needsCommit && Number.isNaN(Date.parse(Time))) return { problem: 'has no valid time' };
  const mayBeSilent = isWhole && Origin === undefined;
  if (needsCommit && !mayBeSilent && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(Origin?.Hash ?? ''))
    return { problem: 'names no commit' };
  return { info: info as Info };
}

/** Where in a commit the go.mod of a module may lie whose code is in `directory`. */
function goModPlaces(module: ModulePath, directory: string): string[] {
  const { pathMajor = '' } = splitPathVersion(module) ?? {};
  const directories = pathMajor.startsWith('/')
    ? [directory, posix.join(directory, pathMajor.slice(1))]
    : [directory];
  return directories.map((place) => posix.join(place, 'go.mod'));
}

/** Why `mod` cannot be read as a go.mod file; undefined if it can. */
export function parseProblem(mod: Buffer): string | undefined {
  try {
    parseGoMod(mod);
    return undefined;
  } catch (error) {
    const reason = isModhavenError(error) ? error.reason : undefined;
    return reason === undefined ? errorMessage(error) : `${errorMessage(error)}: ${reason}`;
  }
}
