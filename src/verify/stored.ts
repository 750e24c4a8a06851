/**
 * Whether what is stored of a version is still what was stored: every file is checked by the others, and where a git
 * mirror still has the commit, go.mod by the commit.
 *
 *     info      names its version, and a commit where it has an origin; there before any other part, because it decides which
 *               commit they show
 *     ziphash   there before the zip, and the hash of the content of the zip
 *     mod       the raw go.mod of the commit; else the one in the zip, which may differ in line ends; else it can be read
 *
 * A version of which a part was never asked for is in order: the missing parts will be made of the commit in `info`.
 * Public modules that were passed through have no commit of ours and their parts arrive one by one, so only the zip with
 * its hash, and what each file says by itself, are checked.
 */
import { posix } from 'node:path';
import { splitPathVersion, type ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import type { Origin } from '../module/origin.js';
import * as semver from '../module/semver.js';
import type { Part, PartKind, VersionReader } from '../store/version-store.js';
import type { ZipContent } from '../zip/check.js';
import { readStoredZip } from '../store/read-stored-zip.js';
import { checkInfo, parseProblem, zipHashProblem, zippedModProblem } from './check-parts.js';
import { StoredFaults, type StoredFault } from './faults.js';

export interface StoredVersion {
  module: ModulePath;
  version: CanonicalVersion;
  /** The parts that are stored. */
  parts: PartKind[];
  /** Empty if all is well. */
  faults: StoredFault[];
}

/** Files of a commit from what is on this machine; undefined if the commit is not. */
export type LocalFiles = (
  module: ModulePath,
  origin: Origin,
  paths: string[],
) => Promise<(Buffer | undefined)[] | undefined>;

export interface StoredCheckOptions {
  /** Whether the module is one of the vanity map's. */
  isPrivate: boolean;
  localFiles: LocalFiles;
}

const KINDS: readonly PartKind[] = ['info', 'mod', 'zip', 'ziphash'];

/** All versions of `module` of which anything is stored, oldest first. */
export async function storedVersions(store: VersionReader, module: ModulePath): Promise<CanonicalVersion[]> {
  const lists = await Promise.all(KINDS.map((kind) => store.versions(module, kind)));
  return semver.sortVersions([...new Set(lists.flat())]);
}

/** Checks one version. What cannot be read is a fault like any other. */
export async function checkStored(
  store: VersionReader,
  module: ModulePath,
  version: CanonicalVersion,
  options: StoredCheckOptions,
): Promise<StoredVersion> {
  const check = new StoredCheck(store, module, version);
  const parts = await check.findParts();
  const origin = await check.info(options.isPrivate);
  const zip = await check.zip();
  await check.mod(origin, zip, options);
  return { module, version, parts, faults: check.faults.list };
}

/** The checks of one version, part by part. */
class StoredCheck {
  readonly faults = new StoredFaults();
  readonly #store: VersionReader;
  readonly #module: ModulePath;
  readonly #version: CanonicalVersion;
  #parts: PartKind[] = [];

  constructor(store: VersionReader, module: ModulePath, version: CanonicalVersion) {
    this.#store = store;
    this.#module = module;
    this.#version = version;
  }

  async findParts(): Promise<PartKind[]> {
    const sizes = await Promise.all(
      KINDS.map((kind) => this.faults.attempt(kind, () => this.#store.size(this.#part(kind)))),
    );
    this.#parts = KINDS.filter((_, index) => sizes[index] !== undefined);
    return this.#parts;
  }

  /** The origin that the `.info` names. */
  async info(isPrivate: boolean): Promise<Origin | undefined> {
    const bytes = await this.#read('info');
    if (bytes !== undefined) {
      const { info, problem } = checkInfo(bytes, this.#version, isPrivate);
      this.faults.add('info', problem);
      return info?.Origin;
    }
    if (isPrivate && !this.#has('info')) {
      this.faults.add('info', 'is missing: nothing says which commit the other files show');
    }
    return undefined;
  }

  /** The content of the zip; undefined if there is none or it cannot be read. */
  async zip(): Promise<ZipContent | undefined> {
    if (!this.#has('zip')) return undefined;
    const recorded = await this.#read('ziphash');
    const content = await this.faults.attempt('zip', () => readStoredZip(this.#store, this.#part('zip')));
    if (recorded === undefined && !this.#has('ziphash')) {
      this.faults.add('ziphash', `is missing${content === undefined ? '' : `; the zip is ${content.hash}`}`);
    } else if (content !== undefined) {
      this.faults.add('zip', zipHashProblem(content, recorded));
    }
    return content;
  }

  async mod(
    origin: Origin | undefined,
    zip: ZipContent | undefined,
    options: StoredCheckOptions,
  ): Promise<void> {
    const mod = await this.#read('mod');
    if (mod !== undefined) this.faults.add('mod', await this.#modProblem(mod, origin, zip, options));
  }

  async #modProblem(
    mod: Buffer,
    origin: Origin | undefined,
    zip: ZipContent | undefined,
    { isPrivate, localFiles }: StoredCheckOptions,
  ): Promise<string | undefined> {
    const module = this.#module;
    if (!isPrivate) return parseProblem(mod);
    if (origin !== undefined) {
      const files = await localFiles(module, origin, goModPlaces(module, origin.Subdir ?? ''));
      const found = files?.filter((file) => file !== undefined) ?? [];
      if (found.some((file) => file.equals(mod))) return undefined;
      if (found.length > 0) return `is not the go.mod of commit ${(origin.Hash ?? '').slice(0, 12)}`;
    }
    return zip === undefined ? parseProblem(mod) : zippedModProblem(mod, zip, module, this.#version);
  }

  readonly #has = (kind: PartKind): boolean => this.#parts.includes(kind);

  #read(kind: PartKind): Promise<Buffer | undefined> {
    return this.faults.attempt(kind, () => this.#store.read(this.#part(kind)));
  }

  #part(kind: PartKind): Part {
    return { module: this.#module, version: this.#version, kind };
  }
}

/** Where in a commit the go.mod of a module may lie whose code is in `directory`. */
function goModPlaces(module: ModulePath, directory: string): string[] {
  const { pathMajor = '' } = splitPathVersion(module) ?? {};
  const directories = pathMajor.startsWith('/')
    ? [directory, posix.join(directory, pathMajor.slice(1))]
    : [directory];
  return directories.map((place) => posix.join(place, 'go.mod'));
}
