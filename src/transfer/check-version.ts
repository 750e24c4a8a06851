/**
 * Whether what somebody keeps of a version can be trusted as far as it goes, before any of it is copied:
 *
 *     info      is about this version
 *     zip       has the names, checksums and limits of a module zip, and the hash in `ziphash` where there is one
 *     mod       can be read; with a zip, is the go.mod file in it
 *
 * That the content is the one its author published, only go.sum and a checksum database can say.
 */
import { errorMessage, isModhavenError } from '../errors.js';
import { pathMajorReason, splitPathVersion, type ModulePath } from '../module/module-path.js';
import { createZipEntryChecker } from '../module/zip-entries.js';
import type { PartKind, VersionReader } from '../store/version-store.js';
import type { ZipContent } from '../zip/check.js';
import { redactLine } from '../redact.js';
import { judgeInfo, parseProblem, zippedModProblem, type StoredFault } from '../verify/stored.js';
import { readZipFiles } from '../zip/reader.js';

/** What was read of a version while it was judged; only the zip stays where it is. */
export interface CheckedVersion {
  info: Buffer | undefined;
  mod: Buffer | undefined;
  /** `h1:` of the zip; undefined if there is none. */
  zipHash: string | undefined;
  /** Bytes of the zip. */
  zipSize: number | undefined;
  /** Empty if all is well. */
  faults: StoredFault[];
}

/** Reads all there is of a version. What cannot be read is a fault like any other. */
export async function checkVersion(
  source: VersionReader,
  module: ModulePath,
  version: string,
): Promise<CheckedVersion> {
  const faults: StoredFault[] = [];
  const fault = (part: PartKind, problem: string | undefined) => {
    if (problem !== undefined) faults.push({ part, problem: redactLine(problem, 400) });
  };
  async function attempt<T>(kind: PartKind, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      fault(kind, isModhavenError(error) ? (error.reason ?? error.message) : errorMessage(error));
      return undefined;
    }
  }
  const read = (kind: PartKind) => attempt(kind, () => source.read({ module, version, kind }));

  const major = pathMajorReason(version, splitPathVersion(module)?.pathMajor ?? '');
  fault('info', major === undefined ? undefined : `the version ${major}`);
  const [info, mod, recorded] = [await read('info'), await read('mod'), await read('ziphash')];
  if (info !== undefined) fault('info', judgeInfo(info, version, false).problem);
  const zip = { module, version, kind: 'zip' } as const;
  const zipSize = await attempt('zip', () => source.size(zip));
  let content: ZipContent | undefined;
  if (zipSize !== undefined) {
    const check = createZipEntryChecker(`${module}@${version}`);
    content = await attempt('zip', () => readZipFiles(source, zip, check));
    const wanted = recorded?.toString().trim();
    if (content !== undefined && wanted !== undefined && wanted !== content.hash)
      fault('zip', `is ${content.hash}, recorded is ${wanted}`);
  }
  if (mod !== undefined) fault('mod', parseProblem(mod) ?? judgeZipped(mod));
  return { info, mod, zipHash: content?.hash, zipSize, faults };

  function judgeZipped(bytes: Buffer): string | undefined {
    return content === undefined ? undefined : zippedModProblem(bytes, content, module, version);
  }
}
