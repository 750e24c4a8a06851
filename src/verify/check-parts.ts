/** What one small part of a version says by itself, or beside the zip of the version. Pure. */
import { errorMessage, isModhavenError } from '../errors.js';
import { parseGoMod, synthesizeGoMod } from '../module/go-mod.js';
import { decodeInfo, type Info } from '../module/info.js';
import type { ModulePath } from '../module/module-path.js';
import type { ZipContent } from '../zip/check.js';
import { isZippedMod } from '../zip/zipped-mod.js';

/**
 * What an `.info` says, and what is wrong with it. With `needsCommit`, one with an origin that names no commit is wrong. An
 * imported version may have no origin: what is still to be made of it is made of the commit that its name stands for.
 */
export function checkInfo(
  bytes: Buffer,
  version: string,
  needsCommit: boolean,
): { info?: Info; problem?: string } {
  let info: Info;
  try {
    info = decodeInfo(bytes);
  } catch (error) {
    return { problem: errorMessage(error) };
  }
  const { Version, Time, Origin } = info;
  if (Version !== version) return { problem: `is about version ${JSON.stringify(Version)}` };
  // Absent where the commit is of a year that this form cannot say, see `encodeInfo`.
  if (needsCommit && Time !== undefined && !isTimeOfGo(Time)) return { problem: 'has no valid time' };
  if (needsCommit && Origin !== undefined && !isCommitHash(Origin.Hash ?? '')) {
    return { problem: 'names no commit' };
  }
  return { info };
}

function isCommitHash(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Whether the go command reads `text` as a time (RFC 3339): its years have four digits. */
function isTimeOfGo(text: string): boolean {
  return /^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text));
}

/** What is wrong with a stored hash beside the hash of the zip; undefined if they agree. */
export function zipHashProblem(content: ZipContent, recorded: Buffer | undefined): string | undefined {
  const hash = recorded?.toString().trim();
  return hash === undefined || hash === content.hash ? undefined : `is ${content.hash}, recorded is ${hash}`;
}

/**
 * What is wrong with `mod` beside the zip: it has to be the go.mod in the zip, except for line ends; if the zip has none,
 * the one that stands for a missing go.mod.
 */
export function zippedModProblem(
  mod: Buffer,
  zip: ZipContent,
  module: ModulePath,
  version: string,
): string | undefined {
  const inZip = zip.files.find(({ name }) => name === `${module}@${version}/go.mod`);
  if (inZip === undefined) {
    return mod.equals(synthesizeGoMod(module)) ? undefined : 'is not what stands for a missing go.mod';
  }
  return isZippedMod(mod, inZip.sha256) ? undefined : 'is not the go.mod in the zip';
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
