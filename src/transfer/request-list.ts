/**
 * The versions that the arguments of a command request: `MODULE@VERSION`, go.mod and go.sum files, in any mixture.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import { parseGoSum } from './go-sum.js';
import { requiredVersions } from './go-mod-versions.js';

/** A hash that a go.sum file or a checksum database records. */
export interface RecordedSum {
  kind: 'zip' | 'mod';
  hash: string;
  /** FILE:LINE, or the name of the database. */
  place: string;
}

/** A requested version. */
export interface RequestedVersion {
  module: ModulePath;
  /** A canonical version, or anything that `go` resolves to one: `latest`, a branch, a hash. */
  query: string;
  /** Whether the zip is needed, or only go.mod, which decides the versions that a build selects. */
  zip: boolean;
  /** The hashes that the files record of it. */
  sums: RecordedSum[];
}

/** Reads `args`, each version once, in their order. Throws CONFIG for an argument of another form, or a file with a mistake. */
export async function readRequestList(args: readonly string[]): Promise<RequestedVersion[]> {
  const all = new Map<string, RequestedVersion>();
  for (const arg of args) {
    for (const request of await readArgument(arg)) {
      const key = `${request.module}@${request.query}`;
      const known = all.get(key);
      if (known === undefined) {
        all.set(key, request);
      } else {
        known.zip ||= request.zip;
        known.sums.push(...request.sums);
      }
    }
  }
  return [...all.values()];
}

async function readArgument(arg: string): Promise<RequestedVersion[]> {
  const name = basename(arg);
  if (name.endsWith('.sum')) {
    const text = await readText(arg);
    return parseGoSum(text, arg).map(({ module, version, kind, hash, line }) => ({
      module,
      query: version,
      zip: kind === 'zip',
      sums: [{ kind, hash, place: `${arg}:${line}` }],
    }));
  }
  if (name.endsWith('.mod')) {
    const text = await readText(arg);
    return requiredVersions(text, arg).map((version) => ({ ...version, zip: true, sums: [] }));
  }
  return [{ ...readVersion(arg), zip: true, sums: [] }];
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ModhavenError('CONFIG', `${file}: the file cannot be read`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

function readVersion(arg: string): Pick<RequestedVersion, 'module' | 'query'> {
  const at = arg.indexOf('@');
  const query = arg.slice(at + 1);
  const remedy = 'write MODULE@VERSION (a version, latest, a branch or a commit), or a go.mod or go.sum file';
  if (at < 0 || query === '') throw new ModhavenError('CONFIG', `${arg}: no version is named`, { remedy });
  try {
    return { module: parseModulePath(arg.slice(0, at)), query };
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    throw new ModhavenError('CONFIG', `${arg}: ${error.message}`, { remedy, cause: error });
  }
}
