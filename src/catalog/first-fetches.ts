/**
 * The first requester of each version that was fetched: for the pages, which show it to admins. Nothing depends on it.
 *
 * It is noted in memory and written a moment later, one small blob for each module (`MODULE/@fetched`) with a line for each
 * version, so that neither a fetch nor its client waits for it. What a killed process has not written yet is lost. When a
 * version is removed to make room, its line goes with it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { escapePath } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import type { BlobStore } from '../store/blob-store.js';
import type { ModuleVersion } from '../store/version-store.js';

/** `user`: the name of a login; `address`: of a client without one; `server`: modhaven itself, after a push for instance. */
export type Fetcher = { kind: 'user' | 'address'; name: string } | { kind: 'server' };

export interface FirstFetch {
  by: Fetcher;
  /** Milliseconds since 1970. */
  at: number;
}

export interface FirstFetchesOptions {
  blobs: Pick<BlobStore, 'get' | 'putIfAbsent' | 'replace'>;
  /** Told what stood in the way of writing; the notes of that moment are lost. */
  onError: (error: unknown) => void;
  /** How long notes wait for more, in milliseconds. */
  delayMs?: number;
}

const DELAY_MS = 3_000;
/** Notes that wait at most; more are not taken. */
const MAX_WAITING = 50_000;
/** How often others may have changed a blob meanwhile. */
const ATTEMPTS = 10;

type Notes = Map<string, FirstFetch>;

export class FirstFetches {
  private readonly options: FirstFetchesOptions;
  /** What is not written yet, by module and version. */
  private waiting = new Map<ModulePath, Notes>();
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(options: FirstFetchesOptions) {
    this.options = options;
  }

  /** Something of a version was stored for `by`, now. Only the first note about a version counts. */
  note({ module, version }: ModuleVersion, by: Fetcher): void {
    const notes = this.waiting.get(module) ?? new Map<string, FirstFetch>();
    if (notes.has(version) || this.count >= MAX_WAITING) return;
    this.waiting.set(module, notes.set(version, { by, at: Date.now() }));
    this.count += 1;
    this.timer ??= setTimeout(() => void this.flush(), this.options.delayMs ?? DELAY_MS).unref();
  }

  /** Writes what was noted. Never fails. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting } = this;
    this.waiting = new Map();
    this.count = 0;
    this.writing = this.writing.then(() => this.write(waiting));
    return this.writing;
  }

  /** What is known of the versions of a module. Throws STORAGE. */
  async of(module: ModulePath): Promise<ReadonlyMap<string, FirstFetch>> {
    const blob = await this.options.blobs.get(nameOf(module));
    return merged(blob?.bytes, this.waiting.get(module) ?? new Map<string, FirstFetch>()).notes;
  }

  private async write(waiting: ReadonlyMap<ModulePath, Notes>): Promise<void> {
    for (const [module, notes] of waiting) {
      try {
        await this.add(nameOf(module), notes);
      } catch (error) {
        this.options.onError(error);
        return; // the next module would meet the same
      }
    }
  }

  private async add(name: string, notes: Notes): Promise<void> {
    const { blobs } = this.options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const known = await blobs.get(name);
      const { text, isNew } = merged(known?.bytes, notes);
      if (!isNew) return;
      const bytes = Buffer.from(text);
      const isWritten =
        known === undefined
          ? await blobs.putIfAbsent(name, bytes)
          : await blobs.replace(name, bytes, { expected: known.tag });
      if (isWritten) return;
      await wait(Math.random() * 50); // another replica was faster
    }
  }
}

/** Forgets the first requesters of versions that are removed. Throws STORAGE. */
export async function forgetFetches(
  blobs: BlobStore,
  module: ModulePath,
  versions: ReadonlySet<string>,
): Promise<void> {
  const name = nameOf(module);
  const known = await blobs.get(name);
  if (known === undefined) return;
  const lines = known.bytes.toString().split('\n');
  const kept = lines.filter((line) => line !== '' && !versions.has(line.split(' ', 1)[0] ?? ''));
  if (kept.length === 0) return blobs.remove(name);
  // What is written meanwhile is about versions that are there; it is forgotten with them, another time.
  await blobs.replace(name, Buffer.from(`${kept.join('\n')}\n`), { expected: known.tag });
}

function nameOf(module: ModulePath): string {
  return `${escapePath(module)}/@fetched`;
}

/** The lines of a blob, and the notes about versions that it does not know. */
function merged(bytes: Buffer | undefined, more: Notes): { text: string; notes: Notes; isNew: boolean } {
  const before = bytes?.toString() ?? '';
  const notes = parse(before);
  const lines: string[] = [];
  for (const [version, note] of more) {
    if (notes.has(version)) continue;
    notes.set(version, note);
    lines.push(lineOf(version, note));
  }
  return { text: before + lines.join(''), notes, isNew: lines.length > 0 };
}

/** `v1.0.0 2026-01-02T03:04:05.678Z user ann`. */
function lineOf(version: string, { by, at }: FirstFetch): string {
  const name = by.kind === 'server' ? '' : ` ${encodeURI(by.name)}`;
  return `${version} ${new Date(at).toISOString()} ${by.kind}${name}\n`;
}

const LINE = /^(\S+) (\d{4}-\d\d-\d\dT[\d:.]+Z) (?:(server)|(user|address) (\S+))$/;

/** Lines that are not of this form are left out. */
function parse(text: string): Notes {
  const notes: Notes = new Map();
  for (const line of text.split('\n')) {
    const [, version, time = '', server, kind, name = ''] = LINE.exec(line) ?? [];
    const at = Date.parse(time);
    if (version === undefined || Number.isNaN(at) || notes.has(version)) continue;
    if (server !== undefined) {
      notes.set(version, { by: { kind: 'server' }, at });
    } else if (kind === 'user' || kind === 'address') {
      notes.set(version, { by: { kind, name: decoded(name) }, at });
    }
  }
  return notes;
}

function decoded(name: string): string {
  try {
    return decodeURI(name);
  } catch {
    return name;
  }
}
