/**
 * When versions were last used, to the second.
 *
 * Each process notes it in memory and appends what is new to one file from time to time and at its end, so that a
 * download costs no write. In the file the newest line of a version counts, whichever process wrote it.
 */
import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { diskReady } from '../fs/disk-watch.js';
import { processTag } from '../fs/process-tag.js';
import { endsInLine } from '../fs/line-end.js';
import { APPENDING, readRegularText } from '../fs/regular-file.js';
import { absentAsUndefined, storage } from './storage-error.js';
import type { ModuleVersion } from './version-store.js';

/** How often notes are written, in milliseconds. */
const FLUSH_MS = 30_000;
/** A process that opened the file just before it was renamed has written by then, in milliseconds. */
const LATE_WRITER_MS = 500;
/** When it pays to make the file short: it is larger than so many bytes, and so many times what it was then. */
const LONG = { bytes: 2 ** 20, times: 4 };

export class LastUse {
  private readonly file: string;
  private readonly lateWriterMs: number;
  /** Seconds since 1970, by `module@version`; what is not written yet. */
  private notes = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  /** Bytes of the file when it was made short last. */
  private shortBytes = 0;

  constructor(file: string, { lateWriterMs = LATE_WRITER_MS } = {}) {
    this.file = file;
    this.lateWriterMs = lateWriterMs;
  }

  /** Notes that a version is used now. */
  note(module: string, version: string): void {
    this.notes.set(`${module}@${version}`, Math.floor(Date.now() / 1000));
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MS).unref();
  }

  /** Writes what is new. Throws STORAGE, and keeps it for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.notes.size === 0) return;
    const written = this.notes;
    this.notes = new Map();
    try {
      await storage(this.append(written));
    } catch (error) {
      this.notes = new Map([...written, ...this.notes]);
      throw error;
    }
  }

  /** When each version was last used, in milliseconds since 1970, by any process that has written. Throws STORAGE. */
  async all(): Promise<Map<string, number>> {
    const uses = new Map<string, number>();
    for (const file of [this.file, ...(await this.renamed())]) {
      addLines(uses, (await absentAsUndefined(readRegularText(file))) ?? '');
    }
    for (const [key, seconds] of this.notes) addUse(uses, key, seconds);
    return new Map([...uses].map(([key, seconds]) => [key, seconds * 1000]));
  }

  /** Whether the file has grown so much that `compact` pays. Throws STORAGE. */
  async isLong(): Promise<boolean> {
    return (await this.bytes()) > Math.max(LONG.bytes, LONG.times * this.shortBytes);
  }

  /** Makes the file short again: one line for each version that is `stored`. Only one process at a time. */
  async compact(stored: (key: string) => boolean): Promise<void> {
    const renamed = `${this.file}.old-${processTag()}-${Date.now()}`;
    await absentAsUndefined(rename(this.file, renamed));
    await wait(this.lateWriterMs);
    const uses = new Map<string, number>();
    const files = await this.renamed();
    for (const file of files) addLines(uses, (await absentAsUndefined(readRegularText(file))) ?? '');
    for (const key of uses.keys()) if (!stored(key)) uses.delete(key);
    if (uses.size > 0) await storage(this.append(uses));
    for (const file of files) await storage(rm(file, { force: true }));
    this.shortBytes = await this.bytes();
  }

  /** `module@version`, as the keys of `all`. */
  static key({ module, version }: ModuleVersion): string {
    return `${module}@${version}`;
  }

  private async bytes(): Promise<number> {
    return (await absentAsUndefined(stat(this.file)))?.size ?? 0;
  }

  private async append(uses: ReadonlyMap<string, number>): Promise<void> {
    await diskReady(this.file);
    await mkdir(dirname(this.file), { recursive: true });
    const lines = [...uses].map(([key, seconds]) => `${seconds} ${key}\n`);
    const begin = (await endsInLine(this.file)) ? '' : '\n'; // a write to a full disk was torn
    await appendFile(this.file, begin + lines.join(''), { mode: 0o600, flag: APPENDING });
  }

  /** The files that are being compacted, or were when a process was killed. */
  private async renamed(): Promise<string[]> {
    const names = (await absentAsUndefined(readdir(dirname(this.file)))) ?? [];
    const prefix = `${basename(this.file)}.old-`;
    return names.filter((name) => name.startsWith(prefix)).map((name) => join(dirname(this.file), name));
  }
}

function addLines(uses: Map<string, number>, text: string): void {
  for (const line of text.split('\n')) {
    const [, seconds, key] = /^(\d{1,12}) (\S+@v\S+)$/.exec(line) ?? [];
    if (key !== undefined) addUse(uses, key, Number(seconds));
  }
}

function addUse(uses: Map<string, number>, key: string, seconds: number): void {
  uses.set(key, Math.max(seconds, uses.get(key) ?? 0));
}
