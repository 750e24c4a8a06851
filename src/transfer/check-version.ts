/**
 * Whether the files of a version somewhere else can be trusted as far as they go, before any of them is copied:
 *
 *     info      is about this version
 *     zip       has the names, checksums and limits of a module zip, and the hash in `ziphash` if there is one
 *     mod       can be read; with a zip, is the go.mod file in it
 *
 * Only go.sum and a checksum database can say whether the content is the one that its author published.
 */
import { pathMajorReason, splitPathVersion, type ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import { createZipEntryChecker } from '../module/files/zip-entries.js';
import type { PartKind, VersionReader } from '../store/version-store.js';
import { checkInfo, parseProblem, zipHashProblem, zippedModProblem } from '../verify/check-parts.js';
import { StoredFaults, type StoredFault } from '../verify/faults.js';
import { readStoredZip } from '../store/read-stored-zip.js';

/** What was read of a version while it was checked; only the zip is not held. */
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

/** Reads all parts of a version. What cannot be read is a fault like any other. */
export async function checkVersion(
  source: VersionReader,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<CheckedVersion> {
  const faults = new StoredFaults();
  const read = (kind: PartKind) => faults.attempt(kind, () => source.read({ module, version, kind }));

  const major = pathMajorReason(version, splitPathVersion(module)?.pathMajor ?? '');
  faults.add('info', major === undefined ? undefined : `the version ${major}`);
  const [info, mod, recorded] = [await read('info'), await read('mod'), await read('ziphash')];
  if (info !== undefined) faults.add('info', checkInfo(info, version, false).problem);

  const zip = { module, version, kind: 'zip' } as const;
  const zipSize = await faults.attempt('zip', () => source.size(zip));
  const check = createZipEntryChecker(`${module}@${version}`);
  const content =
    zipSize === undefined ? undefined : await faults.attempt('zip', () => readStoredZip(source, zip, check));
  if (content !== undefined) faults.add('zip', zipHashProblem(content, recorded));

  if (mod !== undefined) {
    const beside = content === undefined ? undefined : zippedModProblem(mod, content, module, version);
    faults.add('mod', parseProblem(mod) ?? beside);
  }
  return { info, mod, zipHash: content?.hash, zipSize, faults: faults.list };
}
