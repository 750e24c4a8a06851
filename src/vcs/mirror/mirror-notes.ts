/** Notes that lie with a mirror, and go with it: what can be made again, at a cost. Their writers know damage by themselves. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile } from '../../fs/durable-file.js';
import { makePrivateFolder } from '../../fs/make-folder.js';
import { readRegular } from '../../fs/regular-file.js';

export class MirrorNotes {
  readonly #dir: string;

  /** The notes in `dir`, which is made when something is noted. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Undefined if there is none, or none that can be read. */
  async read(name: string): Promise<Buffer | undefined> {
    return readRegular(this.#file(name)).catch(() => undefined);
  }

  /** A reader sees all of it, or what was there before. Nothing is flushed: what a power failure tears is found damaged by its reader. */
  async replace(name: string, content: Buffer): Promise<void> {
    await makePrivateFolder(this.#dir);
    await replaceFile(this.#file(name), content, { isFlushed: false });
  }

  #file(name: string): string {
    return join(this.#dir, createHash('sha256').update(name).digest('hex'));
  }
}
