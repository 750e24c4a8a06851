/** What a bucket holds, read in one pass over its keys: in the background, never for a request. */
import { createHash } from 'node:crypto';
import { ModhavenError } from '../../errors.js';
import { unescapePath } from '../../module/escaping.js';
import type { ModulePath } from '../../module/module-path.js';
import type { Bucket, ListedObject } from '../../s3/bucket.js';
import { partOfName } from '../disk-tree.js';
import type { ListedModule, ListedVersion, Part } from '../version-store.js';
import { OWN_FOLDER } from './bucket-layout.js';

/** The part whose key this is; undefined for any other key. */
export function partOfKey(key: string): Part | undefined {
  const at = key.indexOf('/@v/');
  if (at < 0 || key.startsWith(OWN_FOLDER)) return undefined;
  const name = partOfName(key.slice(at + '/@v/'.length));
  if (name === undefined) return undefined;
  try {
    return { module: unescapePath(key.slice(0, at)), ...name };
  } catch (error) {
    if (error instanceof ModhavenError) return undefined;
    throw error;
  }
}

/** See `VersionListing.scan`. The keys of one module come one after the other. */
export async function* scanBucket(
  bucket: Bucket,
  stateOf: (module: ModulePath) => string | undefined,
): AsyncGenerator<ListedModule> {
  let open: OpenModule | undefined;
  for await (const object of bucket.list('')) {
    const part = partOfKey(object.key);
    if (part === undefined || part.kind === 'ziphash') continue;
    if (open?.module !== part.module) {
      if (open !== undefined) yield open.listed(stateOf);
      open = new OpenModule(part.module);
    }
    open.add(part, object);
  }
  if (open !== undefined) yield open.listed(stateOf);
}

class OpenModule {
  readonly module: ModulePath;
  private readonly hash = createHash('sha256');
  private readonly versions = new Map<string, { zip: number | undefined; other: number | undefined }>();

  constructor(module: ModulePath) {
    this.module = module;
  }

  add({ version, kind }: Part, { key, modifiedAt }: ListedObject): void {
    this.hash.update(`${key} ${modifiedAt}\n`);
    const { zip, other } = this.versions.get(version) ?? { zip: undefined, other: undefined };
    this.versions.set(
      version,
      kind === 'zip' ? { zip: modifiedAt, other } : { zip, other: Math.min(modifiedAt, other ?? Infinity) },
    );
  }

  listed(stateOf: (module: ModulePath) => string | undefined): ListedModule {
    const { module } = this;
    const state = this.hash.digest('base64url');
    if (state === stateOf(module)) return { module, state, versions: undefined };
    // The zip comes last, so its time says nothing where another part is there.
    const versions: ListedVersion[] = [...this.versions].map(([version, { zip, other }]) => ({
      version,
      storedAt: other ?? zip ?? 0,
    }));
    return { module, state, versions };
  }
}
