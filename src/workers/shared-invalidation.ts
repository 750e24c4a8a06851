/** Invalidation of the main process and its workers. */
import { LocalInvalidation, type Change, type Invalidation } from '../concurrency/invalidation.js';

/** Has all workers forget what may change. Resolves when none can give it out any more. */
export type TellWorkers = (change: Change) => Promise<void>;

export class SharedInvalidation implements Invalidation {
  private readonly local: LocalInvalidation;
  private readonly tellWorkers: TellWorkers;
  private readonly onError: (error: unknown) => void;
  private readonly running = new Set<Promise<void>>();

  constructor(tellWorkers: TellWorkers, onError: (error: unknown) => void) {
    this.local = new LocalInvalidation(onError);
    this.tellWorkers = tellWorkers;
    this.onError = onError;
  }

  announce(change: Change): Promise<void> {
    void this.local.announce(change);
    const told = this.tellWorkers(change)
      .catch(this.onError)
      .finally(() => this.running.delete(told));
    this.running.add(told);
    return told;
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.local.onChange(listener);
  }

  async settled(): Promise<void> {
    await Promise.all(this.running);
  }
}
