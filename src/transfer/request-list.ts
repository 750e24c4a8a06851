/**
 * Which versions a command is about: its arguments are `MODULE@VERSION`, go.mod and go.sum files, in any mixture.
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

/** A version that is asked for. */
export interface RequestedVersion {
  module: ModulePath;
  /** A canonical version, or anything that `go` resolves to one: `latest`, a branch, a hash. */
  query: string;
  /** Whether the zip is needed, or only what tells which versions a build selects. */
  zip: boolean;
  /** What the files say of it. */
  sums: RecordedSum[];
}

/** Reads `args`, each version once, in their order. Throws CONFIG for what is no such argument or no good file. */
export async function readRequestList(args: readonly string[]): Promise<RequestedVersion[]> {
  const all = new Map<string, RequestedVersion>();
  for (const arg of args) {
    for (const wanted of await readArgument(arg)) {
      const key = `${wanted.module}@${wanted.query}`;
      const known = all.get(key);
      if (known === undefined) all.set(key, wanted);
      else {
        known.zip ||= wanted.zip;
        known.sums.push(...wanted.sums);
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
      ...{ module, query: version, zip: kind === 'zip' },
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
