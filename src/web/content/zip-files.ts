/** The files of stored versions: which there are, and what is in one of them. Names are relative to the root of the module. */
import { LRUCache } from 'lru-cache';
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { ModuleVersion, VersionStore } from '../../store/version-store.js';
import { listZip, readZipFile, type ListedFile, type ZipListing } from '../../zip/browse.js';
import type { ZipSource } from '../../zip/windowed-reader.js';

/** Files of a version that are listed. */
const MAX_FILES = 50_000;
/** Files of all listings that are kept. */
const MAX_KEPT = 200_000;

export class ZipFiles {
  private readonly store: Pick<VersionStore, 'size' | 'open'>;
  private readonly kept = new LRUCache<string, ZipListing>({ maxSize: MAX_KEPT });

  constructor(store: Pick<VersionStore, 'size' | 'open'>) {
    this.store = store;
  }

  /** The files by their names; undefined if the zip is not stored. Throws STORAGE, or an Error for a broken zip. */
  async list({ module, version }: ModuleVersion): Promise<ZipListing | undefined> {
    const zip = await this.source(module, version);
    if (zip === undefined) return undefined;
    const key = `${module}@${version}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const prefix = `${key}/`;
    const { files, isCut } = await listZip(zip, MAX_FILES);
    const listing = {
      files: files
        .filter(({ name }) => name.startsWith(prefix))
        .map((file): ListedFile => ({ ...file, name: file.name.slice(prefix.length) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      isCut,
    };
    this.kept.set(key, listing, { size: Math.max(1, files.length) });
    return listing;
  }

  /** One file; `too large`, or undefined if there is none. Throws STORAGE, or an Error for a broken zip. */
  async read(
    { module, version }: ModuleVersion,
    file: string,
    maxBytes: number,
  ): Promise<Buffer | 'too large' | undefined> {
    const zip = await this.source(module, version);
    return zip && readZipFile(zip, `${module}@${version}/${file}`, maxBytes);
  }

  private async source(
    module: ModulePath,
    version: CanonicalVersion,
  ): Promise<(ZipSource & { size: number }) | undefined> {
    const part = { module, version, kind: 'zip' } as const;
    const size = await this.store.size(part);
    return size === undefined ? undefined : { size, open: (range) => this.store.open(part, range) };
  }
}
