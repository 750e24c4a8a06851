/**
 * Which files of a module go into its zip (Go Modules Reference, "Module zip files"; package
 * golang.org/x/mod/zip):
 *
 * - Left out: packages in `vendor` directories, directories with a go.mod file of their own (in any case; a
 *   symbolic link is not a go.mod file), `.hg_archival.txt`, symbolic links and other irregular files.
 * - Invalid, so that there is no zip: names that `checkFilePath` refuses, a root go.mod file not in lower case,
 *   names that are equal when case is folded, files that are also directories. All of this is checked for
 *   symbolic links too, but not for what is left out for another reason.
 * - Limits: 500 MiB for all files together, 16 MiB for the root's go.mod and LICENSE.
 *
 * What counts as vendored hangs on the language version in the module's own go.mod file:
 *
 *                            before 1.24    1.24 and later
 *     vendor/modules.txt     in             out
 *     vendor/p/p.go          out            out
 *     a/vendor/p.go          out            in
 *     a/vendor/p/p.go        out            out
 */

import { ModhavenError, isModhavenError } from '../../errors.js';
import type { CollisionChecker } from './file-collisions.js';
import { checkFilePath, isCleanPath } from './file-path.js';
import { goLanguageVersion, isGo124OrLater, parseGoMod } from '../go-mod.js';
import { escapeUnprintable, quote } from '../go-string.js';

/** A file that the archive of the module's directory holds. */
export interface ZipCandidate {
  /** Relative to the module's directory, with slashes. */
  path: string;
  mode: 'regular' | 'symlink' | 'other';
  /** Bytes, where known. Not looked at: sizes are checked while the content streams (`createSizeChecker`). */
  size?: number;
}

/** A file and why it was left out or refused, in the go command's words. */
export interface ZipProblem {
  path: string;
  reason: string;
}

/** Counts the content of one zip. */
export interface SizeChecker {
  /** Adds a file of the zip, `size` in bytes. Throws MODULE_INVALID if that exceeds a limit. */
  add(path: string, size: number): void;
}

const MIB = 1024 * 1024;

/** Limits of the go command, in bytes: the zip and all its content, and two files in its root. */
export const ZIP_LIMITS = { zip: 500 * MIB, goMod: 16 * MIB, license: 16 * MIB } as const;

const MAX_DESCRIBED = 3;
const GO_MOD_ANY_CASE = /^go\.mod$/i;
const GO_MOD_BELOW = /\/go\.mod$/i;

/** What becomes of a file: what is wrong with an invalid one is among `ZipJudge.invalid`. */
export type FileVerdict = 'valid' | 'invalid' | { omitted: string };

/** Judges the files of a module one after the other, and remembers no more of them than it has to. */
export class ZipJudge {
  /** Makes the zip impossible. In the order of the files; of several with one path the first. */
  readonly invalid: ZipProblem[] = [];
  readonly #modules: NestedModules;
  readonly #isVendored: (path: string) => boolean;
  readonly #checkCollision: CollisionChecker;
  readonly #reported = new Set<string>();

  /** `modules` are those among all files. */
  constructor(modules: NestedModules, goMod: Buffer | undefined, checkCollision: CollisionChecker) {
    this.#modules = modules;
    this.#isVendored = isGo124OrLater(languageVersion(goMod)) ? isVendoredSince124 : isVendoredBefore124;
    this.#checkCollision = checkCollision;
  }

  judge({ path, mode }: ZipCandidate): FileVerdict {
    const shape = shapeReason(path);
    if (shape !== undefined) return this.#refuse(path, shape);
    const omission = this.#omissionReason(path);
    if (omission !== undefined) return { omitted: omission };
    const problem = nameReason(path) ?? this.#checkCollision(path);
    if (problem !== undefined) return this.#refuse(path, problem);
    if (mode === 'regular') return 'valid';
    const isLink = mode === 'symlink';
    // In the go command's list a path has one entry, which for a second file of this path stays as it is.
    this.#reported.add(path);
    return { omitted: isLink ? 'file is a symbolic link' : 'not a regular file' };
  }

  #refuse(path: string, reason: string): FileVerdict {
    if (!this.#reported.has(path)) this.invalid.push({ path, reason });
    this.#reported.add(path);
    return 'invalid';
  }

  #omissionReason(path: string): string | undefined {
    if (this.#isVendored(path)) return 'file is in vendor directory';
    if (this.#modules.holds(path)) return 'file is in another module';
    return path === '.hg_archival.txt' ? "file is inserted by 'hg archive' and is always omitted" : undefined;
  }
}

/** The first reasons why the zip is impossible, one on a line, and how many more there are. */
export function describeInvalid({ invalid }: Pick<ZipJudge, 'invalid'>): string {
  const lines = invalid
    .slice(0, MAX_DESCRIBED)
    .map(({ path, reason }) => `${escapeUnprintable(path)}: ${reason}`);
  if (invalid.length > MAX_DESCRIBED) {
    lines.push(`and ${invalid.length - MAX_DESCRIBED} more`);
  }
  return lines.join('\n');
}

/** Starts counting the files of a zip. */
export function createSizeChecker(): SizeChecker {
  let total = 0;
  return {
    add(path, size) {
      total += size;
      if (total > ZIP_LIMITS.zip) {
        throw tooLarge('module source tree', ZIP_LIMITS.zip);
      }
      if (path === 'go.mod' && size > ZIP_LIMITS.goMod) {
        throw tooLarge('go.mod file', ZIP_LIMITS.goMod);
      }
      if (path === 'LICENSE' && size > ZIP_LIMITS.license) {
        throw tooLarge('LICENSE file', ZIP_LIMITS.license);
      }
    },
  };
}

function tooLarge(what: string, limit: number): ModhavenError {
  return new ModhavenError('MODULE_INVALID', `${what} too large (max size is ${limit} bytes)`);
}

/** Empty if the go.mod file cannot be parsed: the go command then takes the old rules. */
function languageVersion(goMod: Buffer | undefined): string {
  try {
    return goMod === undefined ? '' : goLanguageVersion(parseGoMod(goMod).go);
  } catch (error) {
    if (isModhavenError(error, 'MODULE_INVALID')) {
      return '';
    }
    throw error;
  }
}

function isVendoredBefore124(path: string): boolean {
  // Below the root these versions looked from the wrong place, so that any later slash counted.
  return vendorRest(path, '/vendor/'.length)?.includes('/') ?? false;
}

function isVendoredSince124(path: string): boolean {
  return path === 'vendor/modules.txt' || (vendorRest(path)?.includes('/') ?? false);
}

/** What follows the first `vendor` directory, or `nested` characters if that is not in the root. */
function vendorRest(path: string, nested?: number): string | undefined {
  if (path.startsWith('vendor/')) {
    return path.slice('vendor/'.length);
  }
  const index = path.indexOf('/vendor/');
  return index === -1 ? undefined : path.slice(nested ?? index + '/vendor/'.length);
}

/** The directories below the root that hold a go.mod file: what is in them belongs to other modules. */
export class NestedModules {
  /** With their trailing slash. */
  readonly #directories = new Set<string>();

  /** Notes a file of the module's directory. */
  add({ path, mode }: ZipCandidate): void {
    if (mode !== 'regular' || !GO_MOD_BELOW.test(path)) return;
    this.#directories.add(path.slice(0, path.lastIndexOf('/') + 1));
  }

  /** Whether `path` is in one of them. */
  holds(path: string): boolean {
    if (this.#directories.size === 0) return false;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (this.#directories.has(path.slice(0, slash + 1))) return true;
    }
    return false;
  }
}

function shapeReason(path: string): string | undefined {
  if (!isCleanPath(path)) {
    return 'file path is not clean';
  }
  return path.startsWith('/') ? 'file path is not relative' : undefined;
}

function nameReason(path: string): string | undefined {
  const reason = checkFilePath(path);
  if (reason !== undefined) {
    return `malformed file path ${quote(path)}: ${reason}`;
  }
  return path !== 'go.mod' && GO_MOD_ANY_CASE.test(path)
    ? 'go.mod files must have lowercase names'
    : undefined;
}
