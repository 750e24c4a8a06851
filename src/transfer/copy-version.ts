/**
 * Copies a finished version from a source to a target: it is checked before, and nothing at the target is replaced.
 *
 * Export and import both do this, with different sources and targets.
 */
import { pipeline } from 'node:stream/promises';
import { goModHash } from '../module/files/dirhash.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import { decodeInfo, type Info } from '../module/info.js';
import {
  putBytes,
  type Part,
  type PartKind,
  type VersionReader,
  type VersionStore,
} from '../store/version-store.js';
import type { StoredFault } from '../verify/faults.js';
import type { RecordedSum } from './request-list.js';
import { checkVersion, type CheckedVersion } from './check-version.js';

/** What became of one version. */
export interface CopiedVersion {
  module: ModulePath;
  version: CanonicalVersion;
  /**
   * `added`: something of it is new at the target (or would be); `same`: nothing is; `incomplete`: the source has too
   * little of it to be of use; `damaged`: it is not what it should be; `different`: the target has another content.
   */
  outcome: 'added' | 'same' | 'incomplete' | 'damaged' | 'different';
  /** The parts that are new at the target. */
  added: PartKind[];
  /** Why it is damaged or different, by part. */
  faults: StoredFault[];
}

export interface CopyOptions {
  source: VersionReader;
  target: VersionStore;
  /** Puts the zip or a small file of the source into place; where that is not true, its bytes are copied. */
  place?: (part: Part) => Promise<boolean | undefined>;
  /** What go.sum files or checksum databases record of a version: a version with other hashes is damaged. */
  recorded?: (module: ModulePath, version: CanonicalVersion) => Promise<RecordedSum[]>;
  /** Only says what would be done. */
  dryRun?: boolean;
}

/** Copies all there is of a version. Throws STORAGE if the target cannot be written. */
export async function copyVersion(
  module: ModulePath,
  version: CanonicalVersion,
  { source, target, place, recorded, dryRun }: CopyOptions,
): Promise<CopiedVersion> {
  const checked = await checkVersion(source, module, version);
  if (checked.faults.length === 0) await checkRecorded(checked, recorded?.(module, version));
  const result: CopiedVersion = { module, version, outcome: 'same', added: [], faults: checked.faults };
  if (checked.faults.length > 0) return { ...result, outcome: 'damaged' };
  // Without its go.mod no build can use a version.
  if (checked.mod === undefined) return { ...result, outcome: 'incomplete' };
  const faults = await differences(checked, target, module, version);
  if (faults.length > 0) return { ...result, outcome: 'different', faults };

  let isOurs = true;
  // The info first, because it says what the others are; the hash before the zip, because readers of a zip rely on it.
  for (const [kind, bytes] of [
    ['info', checked.info],
    ['mod', checked.mod],
    ['ziphash', checked.zipHash === undefined ? undefined : Buffer.from(checked.zipHash)],
    ['zip', checked.zipHash === undefined ? undefined : 'stream'],
  ] as const) {
    const part: Part = { module, version, kind };
    if (bytes === undefined || (await target.size(part)) !== undefined) continue;
    result.added.push(kind);
    if (dryRun === true) continue;
    if ((await place?.(part)) === true) continue;
    isOurs = (await putPart(target, part, bytes, { source, size: checked.zipSize })) && isOurs;
  }
  // Another process stored it meanwhile.
  const others = isOurs ? [] : await differences(checked, target, module, version);
  if (others.length > 0) return { ...result, outcome: 'different', added: [], faults: others };
  return { ...result, outcome: result.added.length > 0 ? 'added' : 'same' };
}

async function checkRecorded(
  checked: CheckedVersion,
  recorded: Promise<RecordedSum[]> | undefined,
): Promise<void> {
  checked.faults.push(...sumFaults(checked, (await recorded) ?? []));
}

/** The faults of a version whose hashes differ from `sums`. */
function sumFaults({ mod, zipHash }: CheckedVersion, sums: readonly RecordedSum[]): StoredFault[] {
  const hashes = { zip: zipHash, mod: mod === undefined ? undefined : goModHash(mod) };
  return sums.flatMap(({ kind, hash, place }) => {
    const found = hashes[kind];
    const differs = found !== undefined && hash.startsWith('h1:') && found !== hash;
    return differs ? [{ part: kind, problem: `is ${found}, ${place} records ${hash}` }] : [];
  });
}

/** False where another process stored it meanwhile. */
function putPart(
  target: VersionStore,
  part: Part,
  bytes: Buffer | 'stream',
  { source, size }: { source: VersionReader; size: number | undefined },
): Promise<boolean> {
  return bytes === 'stream' ? copyZip(part, source, target, size) : putBytes(target, part, bytes);
}

async function copyZip(
  zip: Part,
  source: VersionReader,
  target: VersionStore,
  size: number | undefined,
): Promise<boolean> {
  return target.put(zip, async (sink) => {
    let copied = 0;
    const counted = async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        copied += piece.length;
        yield piece;
      }
    };
    await pipeline(source.open(zip), counted, sink, { end: false });
    if (copied !== size) {
      throw new Error(`the zip of ${zip.module}@${zip.version} changed while it was copied`);
    }
  });
}

/** The parts of a version in which target and source differ. */
async function differences(
  checked: CheckedVersion,
  target: VersionReader,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<StoredFault[]> {
  const faults: StoredFault[] = [];
  const there = (kind: PartKind) => target.read({ module, version, kind });
  const [info, mod, ziphash] = [await there('info'), await there('mod'), await there('ziphash')];
  if (info !== undefined && checked.info !== undefined) {
    const problem = infoDifference(decodeInfo(checked.info), decodeInfo(info));
    if (problem !== undefined) faults.push({ part: 'info', problem });
  }
  if (mod !== undefined && checked.mod !== undefined && !mod.equals(checked.mod)) {
    faults.push({ part: 'mod', problem: 'is another one there' });
  }
  const hash = ziphash?.toString().trim();
  if (hash !== undefined && checked.zipHash !== undefined && hash !== checked.zipHash) {
    faults.push({ part: 'zip', problem: `is ${checked.zipHash} here and ${hash} there` });
  }
  return faults.length > 0 ? faults : zipDamage(checked, target, module, version);
}

/** Faults of a zip at the target that has the right hash beside it and another size: its compression may differ, or it is damaged. */
async function zipDamage(
  checked: CheckedVersion,
  target: VersionReader,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<StoredFault[]> {
  const size = await target.size({ module, version, kind: 'zip' });
  if (size === undefined || checked.zipSize === undefined || size === checked.zipSize) return [];
  const there = await checkVersion(target, module, version);
  return there.faults.map(({ part, problem }) => ({ part, problem: `is damaged there: ${problem}` }));
}

/** Two proxies may record more or less of an origin; the fields that both record must agree. */
function infoDifference(here: Info, there: Info): string | undefined {
  const [a, b] = [here.Origin?.Hash, there.Origin?.Hash];
  if (a !== undefined && b !== undefined && a !== b) return `names commit ${a} here and ${b} there`;
  const [time, other] = [here.Time, there.Time].map((text) => Date.parse(text ?? ''));
  return Number.isNaN(time) || Number.isNaN(other) || time === other
    ? undefined
    : `has the time ${here.Time ?? ''} here and ${there.Time ?? ''} there`;
}
