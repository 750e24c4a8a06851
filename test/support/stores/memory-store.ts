/** A version store in memory, for tests. */
import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ModulePath } from '../../../src/module/module-path.js';
import type { CanonicalVersion } from '../../../src/module/version.js';
import { storageError } from '../../../src/store/storage-error.js';
import type {
  ByteRange,
  ListedModule,
  ListedVersion,
  ModuleVersion,
  Part,
  PartContent,
  PartKind,
  VersionListing,
  VersionRemoval,
  VersionStore,
  VersionUsage,
} from '../../../src/store/version-store.js';

export interface MemoryStoreOptions {
  /** Parts that are in it from the beginning. */
  known?: [part: Part, content: Buffer][];
}

export function createMemoryStore(options: MemoryStoreOptions = {}): VersionStore {
  return new MemoryStore(options);
}

interface Kept {
  part: Part;
  content: Buffer;
  storedAt: number;
}

class MemoryStore implements VersionStore {
  private readonly parts = new Map<string, Kept>();
  readonly removal: VersionRemoval;
  readonly listing: VersionListing;

  constructor({ known = [] }: MemoryStoreOptions) {
    for (const [part, content] of known) this.keep(part, content);
    this.removal = {
      usage: () => Readable.from(this.usage()),
      remove: (version) => Promise.resolve(this.remove(version)),
      leftovers: () => Promise.resolve([]),
    };
    this.listing = { scan: () => Readable.from(this.listed()) };
  }

  size(part: Part): Promise<number | undefined> {
    return Promise.resolve(this.parts.get(nameOf(part))?.content.length);
  }

  read(part: Part): Promise<Buffer | undefined> {
    return Promise.resolve(this.parts.get(nameOf(part))?.content);
  }

  open(part: Part, range?: ByteRange): Readable {
    const found = this.parts.get(nameOf(part));
    if (found !== undefined) {
      return Readable.from([found.content.subarray(range?.start, range && range.end + 1)]);
    }
    return new Readable({
      read() {
        this.destroy(storageError(new Error(`${nameOf(part)} is not stored`)));
      },
    });
  }

  versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    const parts = [...this.parts.values()].map((kept) => kept.part);
    return Promise.resolve(
      parts.filter((part) => part.module === module && part.kind === kind).map(({ version }) => version),
    );
  }

  modules(): AsyncIterable<ModulePath> {
    return Readable.from(new Set([...this.parts.values()].map(({ part }) => part.module).sort()));
  }

  async put(part: Part, content: PartContent): Promise<boolean> {
    if (typeof content !== 'function') return this.keep(part, content);
    const sink = new PassThrough();
    const [bytes] = await Promise.all([buffer(sink), content(sink).finally(() => sink.end())]);
    return this.keep(part, bytes);
  }

  putFile(part: Part, file: string): Promise<boolean> {
    return this.put(part, (sink) => pipeline(createReadStream(file), sink, { end: false }));
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  private keep(part: Part, content: Buffer): boolean {
    const name = nameOf(part);
    if (this.parts.has(name)) return false;
    this.parts.set(name, { part, content, storedAt: Date.now() });
    return true;
  }

  private usage(): Iterable<VersionUsage> {
    const found = new Map<string, VersionUsage>();
    for (const { part, content, storedAt } of this.parts.values()) {
      const { module, version } = part;
      const key = `${module}@${version}`;
      const bytes = (found.get(key)?.bytes ?? 0) + content.length;
      found.set(key, { module, version, bytes, storedAt });
    }
    return found.values();
  }

  private listed(): Iterable<ListedModule> {
    const found = new Map<ModulePath, Map<string, ListedVersion>>();
    for (const { part, storedAt } of this.parts.values()) {
      const { module, version, kind } = part;
      if (kind === 'ziphash') continue;
      const versions = found.get(module) ?? new Map<string, ListedVersion>();
      found.set(module, versions);
      if (!versions.has(version)) versions.set(version, { version, storedAt });
    }
    return [...found].map(([module, versions]) => ({
      module,
      state: undefined,
      versions: [...versions.values()],
    }));
  }

  private remove({ module, version }: ModuleVersion): number {
    let freed = 0;
    for (const [name, { part, content }] of this.parts) {
      if (part.module !== module || part.version !== version) continue;
      freed += content.length;
      this.parts.delete(name);
    }
    return freed;
  }
}

function nameOf({ module, version, kind }: Part): string {
  return `${module}@${version}.${kind}`;
}
