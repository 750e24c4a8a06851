/** One fetch of a zip, shared by all callers that ask for it. It goes on when they go away. */
import type { ModuleZip, StoredZip } from './repo.js';

/** What is known of a zip once it begins to come in. */
export type BegunZip = Omit<ModuleZip, 'stored'>;

export class ZipFlight {
  /** The answer for every caller, as soon as the zip is stored or on its way. */
  readonly begun: Promise<ModuleZip>;
  readonly generation: number;
  private readonly ended: Promise<StoredZip>;

  /**
   * `fetch` calls `begin` once it is known what comes, and resolves when it is stored. `generation` tells flights from
   * before a change from those after it.
   */
  constructor(generation: number, fetch: (begin: (zip: BegunZip) => void) => Promise<StoredZip>) {
    this.generation = generation;
    let begin: (zip: BegunZip) => void = () => undefined;
    const begun = new Promise<BegunZip>((resolve) => (begin = resolve));
    const ended = fetch((zip) => begin(zip));
    this.ended = ended;
    this.begun = Promise.race([begun, ended.then(() => begun)]).then((zip) => ({
      ...zip,
      stored: () => ended,
    }));
    this.begun.catch(() => undefined); // reported to the callers that wait for it
  }

  onEnd(done: () => void): void {
    void this.ended.then(done, done);
  }
}
