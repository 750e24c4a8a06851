/** What a bucket holds, read in one pass over its keys: in the background, never for a request. */
import { createHash } from 'node:crypto';
import { unescapePath, unescapedIfValid } from '../../module/escaping.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { ModulePath } from '../../module/module-path.js';
import type { Bucket, ListedObject } from '../../s3/bucket.js';
import { partOfName } from '../disk-tree.js';
import type { ListedModule, ListedVersion, Part, PartKind } from '../version-store.js';
import { OWN_FOLDER } from './bucket-layout.js';

/** What makes a version one that `@v/list` names. */
export const LISTED_KINDS = ['info', 'mod', 'zip'] as const satisfies PartKind[];

/** The part whose key this is; undefined for any other key. */
export function partOfKey(key: string): Part | undefined {
  const at = key.indexOf('/@v/');
  if (at < 0 || key.startsWith(OWN_FOLDER)) return undefined;
  const name = partOfName(key.slice(at + '/@v/'.length));
  if (name === undefined) return undefined;
  const module = unescapedIfValid(() => unescapePath(key.slice(0, at)));
  return module && { module, ...name };
}

export interface ScanOptions {
  /** See `VersionListing.scan`. */
  stateOf: (module: ModulePath) => string | undefined;
  /** Called with a module whose `@v/list` is not as long as the versions that lie there make it. */
  onWrongList: (module: ModulePath) => void;
}

/** See `VersionListing.scan`. The keys of one module come one after the other. */
export async function* scanBucket(
  bucket: Bucket,
  { stateOf, onWrongList }: ScanOptions,
): AsyncGenerator<ListedModule> {
  let open: OpenModule | undefined;
  for await (const object of bucket.list('')) {
    const found = keyOfModule(object.key);
    if (found === undefined) continue;
    if (open?.module !== found.module) {
      if (open !== undefined) yield* open.listed(stateOf, onWrongList);
      open = new OpenModule(found.module);
    }
    if (found.part === 'list') open.listBytes = object.size;
    else open.add(found.part, object);
  }
  if (open !== undefined) yield* open.listed(stateOf, onWrongList);
}

/** What a key is to a module; undefined for what says nothing about its versions. */
function keyOfModule(key: string): { module: ModulePath; part: Part | 'list' } | undefined {
  if (!key.endsWith('/@v/list')) {
    const part = partOfKey(key);
    return part === undefined || part.kind === 'ziphash' ? undefined : { module: part.module, part };
  }
  // The path is read as that of any part beside the list.
  const module = partOfKey(`${key.slice(0, -'list'.length)}v0.0.0.zip`)?.module;
  return module && { module, part: 'list' };
}

class OpenModule {
  readonly module: ModulePath;
  /** Of `@v/list`. */
  listBytes = 0;
  private readonly hash = createHash('sha256');
  private readonly versions = new Map<
    CanonicalVersion,
    { kinds: Set<PartKind>; zip?: number; other?: number }
  >();

  constructor(module: ModulePath) {
    this.module = module;
  }

  add({ version, kind }: Part, { key, modifiedAt }: ListedObject): void {
    this.hash.update(`${key} ${modifiedAt}\n`);
    const found = this.versions.get(version) ?? { kinds: new Set() };
    this.versions.set(version, found);
    found.kinds.add(kind);
    if (kind === 'zip') found.zip = modifiedAt;
    else found.other = Math.min(modifiedAt, found.other ?? Infinity);
  }

  /** Nothing for a module of which only a list is there. */
  *listed(stateOf: ScanOptions['stateOf'], onWrongList: ScanOptions['onWrongList']): Generator<ListedModule> {
    const { module } = this;
    if (this.listBytes !== this.expectedListBytes()) onWrongList(module);
    if (this.versions.size === 0) return;
    const state = this.hash.digest('base64url');
    if (state === stateOf(module)) {
      yield { module, state, versions: undefined };
      return;
    }
    // The zip comes last, so its time says nothing where another part is there.
    const versions: ListedVersion[] = [...this.versions].map(([version, { zip, other }]) => ({
      version,
      storedAt: other ?? zip ?? 0,
    }));
    yield { module, state, versions };
  }

  /** Of a list that names the versions that are complete. */
  private expectedListBytes(): number {
    let bytes = 0;
    for (const [version, { kinds }] of this.versions) {
      if (LISTED_KINDS.every((kind) => kinds.has(kind))) bytes += version.length + 1;
    }
    return bytes;
  }
}
