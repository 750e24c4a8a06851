/**
 * The log of a checksum database that several replicas append to: it lies in a blob store that all of them reach, and each
 * works on a copy of its own in a local folder, made anew at its start, so that everything is checked as it was written.
 *
 * The rules are those of a log on disk (`log-files.ts`): a commit is named by the size of the tree before it and put only
 * where there is none, so that of two replicas that append at the same place one loses. What the copy lacks is found
 * without a list, because the next commit and the next tile have names that follow from what is known.
 */
import { access, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { createFile, replaceFile } from '../../fs/durable-file.js';
import { makeFolderIn } from '../../fs/make-folder.js';
import { ownerState, processTag } from '../../fs/process-tag.js';
import type { BlobStore } from '../../store/blob-store.js';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from '../format/tile.js';
import { commitName, dataTile, parseCommit, storage, type SharedFiles } from './log-files.js';

/** Blobs that are read at once. */
const PARALLEL = 16;

export interface SharedLogOptions {
  blobs: BlobStore;
  /** The name of the database. */
  name: string;
  /** The folder for copies of logs. */
  copies: string;
  /** For people: where the log lies. */
  place: string;
}

/** Copies that this process has made: a log in another bucket has another one. */
let made = 0;

export class SharedLog implements SharedFiles {
  /** The local copy: of this one alone. */
  readonly dir: string;
  private readonly options: SharedLogOptions;

  constructor(options: SharedLogOptions) {
    this.options = options;
    made += 1;
    this.dir = join(options.copies, `${options.name}-${processTag()}.${made}`);
  }

  get place(): string {
    return this.options.place;
  }

  /** Makes the copy anew. Throws STORAGE. */
  async copyAll(): Promise<void> {
    await this.removeDead();
    await storage(rm(this.dir, { recursive: true, force: true }));
    const names: string[] = [];
    const prefix = `${this.options.name}/`;
    for await (const name of this.options.blobs.names()) {
      if (name.startsWith(prefix)) names.push(name.slice(prefix.length));
    }
    await this.copyEach(names);
    await this.completeCopy();
  }

  /** Where one fails, none is begun any more, and those that run are waited for: the next attempt has the folder alone. */
  private async copyEach(names: readonly string[]): Promise<void> {
    const limit = pLimit(PARALLEL);
    let isOver = false;
    const copies = names.map((name) =>
      limit(async () => {
        if (isOver) return;
        await this.copy(name).catch((error: unknown) => {
          isOver = true;
          throw error;
        });
      }),
    );
    const failed = (await Promise.allSettled(copies)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /**
   * While the names were listed and read, other replicas may have gone on: a commit became part of a tile and went, or a
   * tile came after its place in the list had passed. What is missing has names that follow from what is there.
   */
  private async completeCopy(): Promise<void> {
    let sealed = 0;
    for (; await this.isCopied(tilePath(dataTile(sealed / TILE_WIDTH))); sealed += TILE_WIDTH) {
      for (const name of fullTilesOf(sealed / TILE_WIDTH)) {
        if (!(await this.isCopied(name))) await this.copy(name);
      }
    }
    // Where the log ends with a tile, the newest signed tree stands in a commit of that tile alone.
    const end = sealed === 0 ? 0 : await this.copyCommits(sealed - TILE_WIDTH);
    await this.copyNew({ size: Math.max(end, sealed), sealed });
  }

  /** Copies what came after `size` records, of which `sealed` lie in full tiles. Throws STORAGE. */
  async copyNew({ size, sealed }: { size: number; sealed: number }): Promise<void> {
    let [end, full] = [size, sealed];
    for (;;) {
      end = await this.copyCommits(end);
      if (!(await this.copySealed(full / TILE_WIDTH))) return; // a commit that went became part of a tile before
      full += TILE_WIDTH;
      // What fills the tile may have been committed since its commits were asked for. Where the log ends with the tile,
      // the newest signed tree stands in the last of them alone; they go only when the log is longer.
      if (end < full) end = Math.max(await this.copyCommits(end), full);
    }
  }

  /** Copies the commits from `start` on, as far as there are any. Answers with where they end. */
  private async copyCommits(start: number): Promise<number> {
    for (let end = start; ;) {
      const commit = await this.copy(commitName(end));
      if (commit === undefined) return end;
      end += parseCommit(commit).records.length;
    }
  }

  /** False if there is such a blob already. */
  put(name: string, bytes: Buffer): Promise<boolean> {
    return this.options.blobs.putIfAbsent(this.nameOf(name), bytes);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return (await this.options.blobs.get(this.nameOf(name)))?.bytes;
  }

  remove(name: string): Promise<void> {
    return this.options.blobs.remove(this.nameOf(name));
  }

  /** Whether the records from `number` * 256 on are sealed. */
  async isSealed(number: number): Promise<boolean> {
    return (await this.read(tilePath(dataTile(number)))) !== undefined;
  }

  /** The tile of records and, before it, the tiles of hashes that became full with it. */
  private async copySealed(number: number): Promise<boolean> {
    const data = tilePath(dataTile(number));
    const bytes = await this.read(data);
    if (bytes === undefined) return false;
    for (const name of fullTilesOf(number)) await this.copy(name);
    await this.write(data, bytes);
    return true;
  }

  private async copy(name: string): Promise<Buffer | undefined> {
    const bytes = await this.read(name);
    if (bytes !== undefined) await this.write(name, bytes);
    return bytes;
  }

  private isCopied(name: string): Promise<boolean> {
    return access(join(this.dir, name)).then(
      () => true,
      () => false,
    );
  }

  private async write(name: string, bytes: Buffer): Promise<void> {
    const file = join(this.dir, name);
    await storage(makeFolderIn(this.dir, dirname(file)));
    if (!(await storage(createFile(file, bytes)))) await storage(replaceFile(file, bytes));
  }

  /** The copies of processes that were killed. */
  private async removeDead(): Promise<void> {
    const names = await readdir(this.options.copies).catch(() => []);
    for (const name of names) {
      if (ownerState(name) === 'dead') {
        await rm(join(this.options.copies, name), { recursive: true, force: true });
      }
    }
  }

  private nameOf(name: string): string {
    return `${this.options.name}/${name}`;
  }
}

/** The tiles of hashes that became full with the tile of records of this number. */
function* fullTilesOf(number: number): Generator<string> {
  for (let level = 0, count = number + 1; ; level += 1, count /= TILE_WIDTH) {
    yield tilePath({ height: TILE_HEIGHT, level, number: count - 1, width: TILE_WIDTH });
    if (count % TILE_WIDTH !== 0) return;
  }
}
