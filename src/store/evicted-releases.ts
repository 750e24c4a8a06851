/**
 * The lines about removed releases in the files of `recorded-sums.ts`, which are asked for before anything is stored. A file
 * grows with each part that is stored: what was read of it once is not read again.
 */
import { readSync, statSync, type Stats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { withRegularSync } from '../fs/regular-file.js';
import type { ModulePath } from '../module/module-path.js';

/** What was read of one file. */
interface Read {
  /** Tells the file from one that was put in its place. */
  identity: string;
  /** Bytes, to the end of a line. */
  size: number;
  /** By version; the newest of each. */
  lines: Map<string, string>;
}

/** Lines that are held, with one for each file. */
const MAX_LINES = 100_000;

const NOTHING: ReadonlyMap<string, string> = new Map();

export class EvictedReleases {
  readonly #fileOf: (module: ModulePath) => string;
  readonly #known = new LRUCache<ModulePath, Read>({
    maxSize: MAX_LINES,
    sizeCalculation: ({ lines }) => lines.size + 1,
  });

  constructor(fileOf: (module: ModulePath) => string) {
    this.#fileOf = fileOf;
  }

  /** The line of each release of `module` that was removed; none where nothing can be read: then less is checked. */
  of(module: ModulePath): ReadonlyMap<string, string> {
    const file = this.#fileOf(module);
    try {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) return NOTHING;
      const known = this.#known.get(module);
      if (known?.identity === identityOf(stats) && known.size === stats.size) return known.lines;
      return this.#read(module, file, known).lines;
    } catch {
      return NOTHING;
    }
  }

  #read(module: ModulePath, file: string, known: Read | undefined): Read {
    return withRegularSync(file, (fd, stats) => {
      const identity = identityOf(stats);
      const isGrown = known?.identity === identity && known.size <= stats.size;
      const from = isGrown ? known.size : 0;
      const text = textAt(fd, from, stats.size - from);
      const lines = new Map(isGrown ? known.lines : []);
      for (const [line, version = ''] of text.matchAll(EVICTED)) lines.set(version, line);
      // What another process is writing ends somewhere in a line, perhaps.
      const size = from + Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1));
      const read = { identity, size, lines };
      this.#known.set(module, read);
      return read;
    });
  }
}

const EVICTED = /^evicted (\S+) .*$/gm;

/** A file that takes the place of another one has another inode, or, where that was freed before, another birth. */
function identityOf({ ino, birthtimeMs }: Stats): string {
  return `${ino} ${birthtimeMs}`;
}

function textAt(fd: number, from: number, length: number): string {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.toString('utf8', 0, filled);
}
