/**
 * Invalidation: "what may change has changed". A push, new refs or an edited file announces it, every part that keeps what may
 * change listens: in this process, and through other implementations in further ones (`workers/shared-invalidation.ts`).
 */

export interface Change {
  /** Nothing that was known before this time (milliseconds since 1970) may be kept from now on. Undefined: of now. */
  readonly before: number | undefined;
}

export interface Invalidation {
  /**
   * Tells every listener. Those of this process have been called when it returns; when the promise resolves, no process
   * gives a response from before the change any more. It never rejects.
   */
  announce(change: Change): Promise<void>;
  /** Calls `listener` for each change; the result ends that. The others are called even if one listener throws. */
  onChange(listener: (change: Change) => void): () => void;
  /** Resolves when every change announced so far has arrived everywhere. */
  settled(): Promise<void>;
}

/** Within one process. */
export class LocalInvalidation implements Invalidation {
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly onError: (error: unknown) => void;

  /** `onError` is told what a listener throws. */
  constructor(onError: (error: unknown) => void) {
    this.onError = onError;
  }

  announce(change: Change): Promise<void> {
    for (const listener of [...this.listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.onError(error);
      }
    }
    return Promise.resolve();
  }

  onChange(listener: (change: Change) => void): () => void {
    // Its own function, so that one that listens twice is told twice.
    const own = (change: Change): void => listener(change);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}
